"""The queries for lists, counts and exports of any table."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Table,
    bindparam,
    func,
    or_,
    select,
    true,
    union_all,
)

from flask_things.resource.narrowing import FEW_ROWS, Narrowing
from flask_things.resource.ordering import Order
from flask_things.resource.page import limit_bytes
from flask_things.resource.schemas.writer import loaded
from flask_things.resource.tables import search
from flask_things.resource.tables.sorting import SORT_CHARACTERS, sort_key

#: A position in a sort order: the row's sort value and its id.
Position = tuple[Any, int]

#: Find rows through the index of the sort order.
IN_ORDER = ""

#: The sort orders of every resource.
SORTS = ("id", "created_at", "updated_at")


def narrowest(counts: Mapping[str, int]) -> str | None:
    """Return how to find a page, based on the rows that each probe has counted."""
    column = min(counts, key=counts.__getitem__, default=None)
    return column if column is None or counts[column] <= FEW_ROWS else IN_ORDER


class Queries:
    """The queries of a table. Each is cached, because building it takes longer than executing it.

    Pages use keysets, so a later page costs as much as the first
    (https://use-the-index-luke.com/no-offset). NULL comes first, on both databases.
    """

    def __init__(
        self,
        table: Table,
        *,
        searched: str | None = None,
        filters: Iterable[str] = (),
        ranges: Iterable[str] = (),
        sorts: Iterable[str] = (),
    ) -> None:
        self.table = table
        self.sorts = {name: table.c[name] for name in (*SORTS, *sorts)}
        self.narrowing = Narrowing(
            table, searched=searched, filters=filters, ranges=ranges, sorts=sorts
        )
        self._page = cache(self._build_page)
        self._probe = cache(self.narrowing.probe)
        self._count = cache(self._build_count)

    def position(self, row: Row[Any], sort: str) -> Position:
        """Return the position of a row in a sort order. Its values may be the driver's."""
        column = self.sorts[sort.removeprefix("-")]
        value = loaded(column.type, getattr(row, column.key))
        return value[:SORT_CHARACTERS] if isinstance(value, str) else value, row.id

    def page(
        self,
        dialect: str,
        /,
        *,
        sort: str = "id",
        after: Position | None = None,
        limit: int | None = None,
        max_bytes: int | None = None,
        by: str | None = None,
        **selection: Any,
    ) -> tuple[Select[Any], dict[str, Any]]:
        """Return the query for the selected rows after a position, and its parameters.

        `by` is the column whose index finds the rows, which are then sorted. IN_ORDER reads the
        index of the sort order instead. With None the database decides.

        PostgreSQL returns rows up to the first whose texts together exceed `max_bytes`, because the
        client library holds a whole result in memory. SQLite returns one row at a time.
        """
        given = self.narrowing.given(dialect, **selection)
        if after is not None:
            value, row_id = after
            given = self.narrowing.without_implied_bound(given, sort, value)
            given |= {"after_id": row_id} | ({} if value is None else {"after": value})
        if limit is not None:
            given |= {"limit": limit}
        if max_bytes is not None and dialect == "postgresql":
            given |= {"max_bytes": max_bytes}
        return self._page(sort, frozenset(given), by), given

    def probes(
        self, dialect: str, /, *, sort: str, **selection: Any
    ) -> dict[str, tuple[Select[Any], dict[str, Any]]]:
        """Return queries that find out which column selects few rows, with their parameters.

        The result is empty if this makes no difference.
        """
        given = self.narrowing.given(dialect, **selection)
        names = frozenset(given)
        if {"ids", "triples"} & names or not self._is_scattered(sort.removeprefix("-"), names):
            return {}
        columns = self.narrowing.columns(names)
        return {column: (self._probe(column, names), given) for column in columns}

    def count(self, dialect: str, /, **selection: Any) -> tuple[Select[Any], dict[str, Any]]:
        """Return the query for the number of selected rows, and its parameters."""
        given = self.narrowing.given(dialect, **selection)
        return self._count(frozenset(given)), given

    def _build_count(self, names: frozenset[str]) -> Select[Any]:
        found = self.narrowing.narrow(select(self.table.c.id), names).subquery()
        count = select(func.count()).select_from(found)
        return count.execution_options(takes_long=True)

    def _build_page(self, sort: str, names: frozenset[str], by: str | None) -> Select[Any]:
        name = sort.removeprefix("-")
        out_of_order, columns = (
            self.narrowing.out_of_order(name, names),
            self.narrowing.columns(names),
        )
        unindexed = {None: set(), IN_ORDER: out_of_order}.get(by, columns.keys() - {by})
        query = self.narrowing.narrow(select(*self.table.c), names, unindexed=unindexed)
        order = self._order(sort, names, has_index=by not in out_of_order)
        parts = order.after(is_null="after" not in names) if "after_id" in names else []
        beyond = or_(*(condition for condition, _ in parts)) if parts else true()
        limit = bindparam("limit", type_=Integer) if "limit" in names else None
        if by in out_of_order:
            query = self._joined(query, [(beyond, order.clauses())], limit)
        elif {"triples", "ids"} & names or len(parts) < 2:  # these results are sorted anyway
            query = query.where(beyond)
        else:
            query = self._joined(query, parts, limit)
        query = query.order_by(*order.clauses()).limit(limit)
        if "max_bytes" in names:
            query = limit_bytes(query, order.clauses())
        takes_long = names & search.SLOW or self._is_scattered(name, names)
        return query.execution_options(takes_long=True) if takes_long else query

    def _is_scattered(self, sort: str, names: frozenset[str]) -> bool:
        """Return whether no index has the selected rows contiguous and in order."""
        columns = self.narrowing.columns(names)
        return len(columns) > 1 or bool(self.narrowing.out_of_order(sort, names))

    def _order(self, sort: str, names: frozenset[str], *, has_index: bool) -> Order:
        name, row_id = sort.removeprefix("-"), self._row_id(names)
        is_range = self.narrowing.columns(names).get(name)
        # Rows with the same value are sorted by id only.
        key = None if name == "id" or is_range is False else sort_key(self.sorts[name])
        if not has_index:  # an expression that no index has
            row_id = func.coalesce(row_id, row_id)
            key = None if key is None else func.coalesce(key, key)
        nullable = bool(self.sorts[name].nullable)
        return Order(key, row_id, sort.startswith("-"), nullable, nullable and not is_range)

    def _row_id(self, names: frozenset[str]) -> ColumnElement[Any]:
        """Return the id to order by: that of the search index, if it finds rows in its order."""
        searched = self.narrowing.searched
        if searched is not None and "triples" in names:
            return search.index(searched).c.rowid
        return self.table.c.id

    def _joined(self, query: Select[Any], parts: list[Any], limit: Any) -> Select[Any]:
        """Join the rows of several parts of an index, each read in its order.

        For a pair, SQLite would seek only the first column, and read all rows with the same value.
        """
        only_ids = query.with_only_columns(self.table.c.id)
        found = (
            only_ids.where(condition).order_by(*order).limit(limit) for condition, order in parts
        )
        page = union_all(*(select(part.subquery()) for part in found)).subquery()
        return select(*self.table.c).join(page, self.table.c.id == page.c.id)
