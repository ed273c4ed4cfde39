"""Selections: the parameters and conditions that they add to a query.

A selection has `q`, a part of the searched text; `id`, a list of ids; a value for each filtered
column, where None means NULL; and bounds `…_gte` and `…_lt` for each column with ranges, where None
means no bound. All conditions must hold. NULL is in no range.
"""

from collections.abc import Container, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select

from flask_things.db.ids import ID_MAX
from flask_things.resource.tables import search
from flask_things.resource.tables.ranges import ENDS, bound_type, bounds
from flask_things.resource.tables.sorting import Head, Unindexed, is_text

#: Up to this many selected rows are sorted. If more are selected, the page is found in the index of
#: the sort order.
FEW_ROWS = 5_000


class Narrowing:
    """The possible selections of a table. Texts among `sorts` have an index on their beginning."""

    def __init__(
        self,
        table: Table,
        *,
        searched: str | None,
        filters: Iterable[str],
        ranges: Iterable[str],
        sorts: Iterable[str],
    ) -> None:
        self.table, self.filters, self.bounds = table, tuple(filters), bounds(ranges)
        self.searched = None if searched is None else table.c[searched]
        self._heads = {name for name in sorts if is_text(table.c[name])}

    def given(self, dialect: str, /, **selection: Any) -> dict[str, Any]:
        """Return a query's parameters for a selection. Raises TypeError for an unknown name."""
        given: dict[str, Any] = {}
        if self.searched is not None:
            given |= search.parameters(selection.pop("q", ""), dialect)
        if "id" in selection:
            given.pop("triples", None)  # so few rows need no search index
            given["ids"] = [row_id for row_id in {*selection.pop("id")} if 1 <= row_id <= ID_MAX]
        for name in self.bounds.keys() & selection.keys():
            if (value := selection.pop(name)) is not None:
                given[f"range_{name}"] = value
        if unknown := selection.keys() - set(self.filters):
            raise TypeError(f"{self.table.name} has no filter {', '.join(sorted(unknown))}.")
        return given | {
            f"{'null' if value is None else 'filter'}_{name}": value
            for name, value in selection.items()
        }

    def without_implied_bound(self, given: dict[str, Any], sort: str, after: Any) -> dict[str, Any]:
        """Remove the bound that the cursor's position already implies.

        With both, SQLite may start at the bound and read up to the position.
        """
        descending = sort.startswith("-")
        name = f"range_{sort.removeprefix('-')}{'_lt' if descending else '_gte'}"
        if name not in given or after is None or (after < given[name]) != descending:
            return given
        return {key: value for key, value in given.items() if key != name}

    def columns(self, names: frozenset[str]) -> dict[str, bool]:
        """Return the columns that a query selects by, and whether by bounds instead of a value."""
        ranges = {column: True for name, column in self.bounds.items() if f"range_{name}" in names}
        values = (name for name in self.filters if {f"null_{name}", f"filter_{name}"} & names)
        return dict.fromkeys(values, False) | ranges

    def out_of_order(self, sort: str, names: frozenset[str]) -> set[str]:
        """Return the selected columns whose index does not provide the sort order.

        An index provides the order by its column for a range, and by id for a single value.
        """
        columns = self.columns(names).items()
        return {name for name, is_range in columns if sort != name and (is_range or sort != "id")}

    def narrow(
        self, query: Select[Any], names: frozenset[str], *, unindexed: Container[str] = ()
    ) -> Select[Any]:
        """Restrict a query to the selected rows; `names` are the names of its parameters.

        SQLite does not use the index of `unindexed` columns.
        """
        if self.searched is not None:
            if "triples" in names:
                index = search.index(self.searched)
                query = query.select_from(index).join(self.table, self.table.c.id == index.c.rowid)
            query = query.where(*search.conditions(self.searched, names))
        if "ids" in names:
            query = query.where(self.table.c.id.in_(bindparam("ids", expanding=True)))
        for name in self.columns(names):
            query = query.where(*self._conditions(name, names, name not in unindexed))
        return query

    def probe(self, name: str, names: frozenset[str]) -> Select[Any]:
        """Return the query that counts the rows that one column selects, up to FEW_ROWS."""
        found = select(self.table.c.id).where(*self._conditions(name, names, True))
        return select(func.count()).select_from(found.limit(FEW_ROWS + 1).subquery())

    def _conditions(
        self, name: str, names: frozenset[str], is_indexed: bool
    ) -> list[ColumnElement[bool]]:
        column = self.table.c[name]
        # A sorted text has an index on its beginning.
        head = Head(column) if name in self._heads and is_indexed else None
        found: list[ColumnElement[bool]] = []
        key: ColumnElement[Any] = column if is_indexed else Unindexed(column)
        if f"null_{name}" in names:
            found.append((key if head is None else head).is_(None))
        if f"filter_{name}" in names:
            value = bindparam(f"filter_{name}", type_=column.type)
            found += [] if head is None else [head == Head(value)]
            found.append(key == value)
        for bound in (f"{name}{end}" for end in ENDS):
            if bound in self.bounds and f"range_{bound}" in names:
                value = bindparam(f"range_{bound}", type_=bound_type(column))
                found.append(key >= value if bound.endswith(ENDS[0]) else key < value)
        return found
