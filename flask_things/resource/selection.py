"""Which rows, and in which order: the queries behind lists, counts and exports of any table."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from flask_things.resource.page import cut
from flask_things.resource.tables import search
from flask_things.resource.tables.sorting import SORT_CHARACTERS, sort_key

#: A place in an order: the value that the row there is sorted by, and the row's id.
Position = tuple[Any, int]

#: What every resource can be sorted by.
SORTS = ("id", "created_at", "updated_at")


class Queries:
    """The queries of a table. Each is built once: to build one takes longer than to execute it.

    Keyset pages: a later page costs what the first one costs
    (https://use-the-index-luke.com/no-offset). NULL comes first, on both databases.
    """

    def __init__(
        self, table: Table, searched: str | None, filters: Iterable[str], sorts: Iterable[str]
    ) -> None:
        self.table = table
        self.filters = tuple(filters)
        self.sorts = {name: table.c[name] for name in (*SORTS, *sorts)}
        self._searched = None if searched is None else table.c[searched]
        self._page = cache(self._build_page)
        self._count = cache(self._build_count)

    def position(self, row: Row[Any], sort: str) -> Position:
        """Return the place of a row in an order."""
        value = getattr(row, sort.removeprefix("-"))
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
        **selection: Any,
    ) -> tuple[Select[Any], dict[str, Any]]:
        """Return the query for the selected rows after a place in an order, and its parameters.

        PostgreSQL returns no more of them than the first whose texts together exceed `max_bytes`:
        the client library holds all that it returns in memory. SQLite returns one row at a time.
        """
        given = self._selected(dialect, **selection)
        is_null = after is not None and after[0] is None
        if after is not None:
            given |= {"after_id": after[1]} | ({} if is_null else {"after": after[0]})
        if limit is not None:
            given |= {"limit": limit}
        if max_bytes is not None and dialect == "postgresql":
            given |= {"max_bytes": max_bytes}
        return self._page(sort, frozenset(given)), given

    def count(self, dialect: str, /, **selection: Any) -> tuple[Select[Any], dict[str, Any]]:
        """Return the query for the number of selected rows, and its parameters."""
        given = self._selected(dialect, **selection)
        return self._count(frozenset(given)), given

    def _selected(self, dialect: str, /, *, q: str = "", **filters: Any) -> dict[str, Any]:
        if unknown := filters.keys() - set(self.filters):
            raise TypeError(f"{self.table.name} has no filter {', '.join(sorted(unknown))}.")
        equal = {
            f"{'null' if value is None else 'filter'}_{name}": value
            for name, value in filters.items()
        }
        return equal | (search.parameters(q, dialect) if self._searched is not None else {})

    def _build_count(self, names: frozenset[str]) -> Select[Any]:
        found = self._narrow(select(self.table.c.id), names).subquery()
        count = select(func.count()).select_from(found)
        return count.execution_options(takes_long=True)

    def _build_page(self, sort: str, names: frozenset[str]) -> Select[Any]:
        column, descending = self.sorts[sort.removeprefix("-")], sort.startswith("-")
        row_id = self._row_id(names)
        order = _order(column, row_id, descending)
        query = self._narrow(select(*self.table.c), names)
        limit = bindparam("limit", type_=Integer) if "limit" in names else None
        if "after_id" in names and column is self.table.c.id:
            query = query.where(_beyond(row_id, descending))
        elif "after_id" in names:
            parts = _parts(column, self.table.c.id, descending, is_null="after" not in names)
            if "triples" in names:  # whatever the index of texts finds is sorted anyway
                query = query.where(or_(*(condition for condition, _ in parts)))
            else:
                query = self._joined(query, parts, limit)
        query = query.order_by(*order).limit(limit)
        if "max_bytes" in names:
            query = cut(query, order)
        return query.execution_options(takes_long=True) if names & search.SLOW else query

    def _row_id(self, names: frozenset[str]) -> ColumnElement[Any]:
        """Return the id to order by: of the search index, if that finds the rows in its order."""
        if self._searched is not None and "triples" in names:
            return search.index(self._searched).c.rowid
        return self.table.c.id

    def _narrow(self, query: Select[Any], names: frozenset[str]) -> Select[Any]:
        if self._searched is not None:
            if "triples" in names:
                index = search.index(self._searched)
                query = query.select_from(index).join(self.table, self.table.c.id == index.c.rowid)
            query = query.where(*search.conditions(self._searched, names))
        for column in (self.table.c[name] for name in self.filters):
            if f"null_{column.name}" in names:
                query = query.where(column.is_(None))
            elif f"filter_{column.name}" in names:
                value = bindparam(f"filter_{column.name}", type_=column.type)
                query = query.where(column == value)
        return query

    def _joined(self, query: Select[Any], parts: list[Any], limit: Any) -> Select[Any]:
        """Return the rows of several parts of an index, each of which is read in its order.

        SQLite would seek the first column of a pair only, and walk through all that are alike.
        """
        only_ids = query.with_only_columns(self.table.c.id)
        found = (
            only_ids.where(condition).order_by(*order).limit(limit) for condition, order in parts
        )
        page = union_all(*(select(part.subquery()) for part in found)).subquery()
        return select(*self.table.c).join(page, self.table.c.id == page.c.id)


def _beyond(key: ColumnElement[Any], descending: bool, name: str = "after_id") -> Any:
    place = bindparam(name, type_=key.type)
    return key < place if descending else key > place


def _order(column: Column[Any], row_id: ColumnElement[Any], descending: bool) -> list[Any]:
    ids = row_id.desc() if descending else row_id.asc()
    if column.primary_key:
        return [ids]
    key = sort_key(column)
    turned: Any = key.desc() if descending else key.asc()
    if column.nullable:
        turned = turned.nulls_last() if descending else turned.nulls_first()
    return [turned, ids]


def _parts(
    column: Column[Any], row_id: ColumnElement[Any], descending: bool, *, is_null: bool
) -> list[tuple[ColumnElement[bool], list[Any]]]:
    """Return the conditions of the rows after a place, in turn, each with the order within."""
    key, order = sort_key(column), _order(column, row_id, descending)
    by_id, beyond = order[-1:], _beyond(row_id, descending)
    alike = key.is_(None) if is_null else key == bindparam("after", type_=key.type)
    parts = [(and_(alike, beyond), by_id)]
    if is_null and not descending:
        parts.append((key.is_not(None), order))
    elif not is_null:
        parts.append((_beyond(key, descending, "after"), order))
        if descending and column.nullable:
            parts.append((key.is_(None), by_id))
    return parts
