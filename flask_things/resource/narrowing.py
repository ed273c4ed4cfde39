"""Which rows: what a selection gives to a query, and the conditions that it adds.

A selection is `q`, a part of the searched text; `id`, some ids; a value for each filtered column,
None for NULL; and for each column with ranges `…_gte` and `…_lt`, None for no bound. All of it must
hold. NULL is in no range.
"""

from collections.abc import Container, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select

from flask_things.db.ids import ID_MAX
from flask_things.resource.tables import search
from flask_things.resource.tables.ranges import ENDS, bound_type, bounds
from flask_things.resource.tables.sorting import Head, Unindexed, is_text

#: Up to how many rows are sorted, where those of a page would be found by walking in their order.
FEW_ROWS = 5_000


class Narrowing:
    """What narrows the lists of a table. Those texts among `sorts` have an index to sort by."""

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
        """Return the parameters of a query for a selection. Raises TypeError for an unknown one."""
        given: dict[str, Any] = {}
        if self.searched is not None:
            given |= search.parameters(selection.pop("q", ""), dialect)
        if "id" in selection:
            given.pop("triples", None)  # few rows are looked at without the index of texts
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

    def without_passed(self, given: dict[str, Any], sort: str, after: Any) -> dict[str, Any]:
        """Return the parameters without the bound that a place in an order is beyond.

        With both, SQLite may begin at the bound, and walk to the place.
        """
        descending = sort.startswith("-")
        name = f"range_{sort.removeprefix('-')}{'_lt' if descending else '_gte'}"
        if name not in given or after is None or (after < given[name]) != descending:
            return given
        return {key: value for key, value in given.items() if key != name}

    def columns(self, names: frozenset[str]) -> dict[str, bool]:
        """Return the columns that a query narrows, and whether by bounds instead of a value."""
        ranges = {column: True for name, column in self.bounds.items() if f"range_{name}" in names}
        values = (name for name in self.filters if {f"null_{name}", f"filter_{name}"} & names)
        return dict.fromkeys(values, False) | ranges

    def astray(self, sort: str, names: frozenset[str]) -> set[str]:
        """Return the narrowed columns whose index does not have the rows in an order.

        It has those of a range by its column, and those with a value by id, too.
        """
        columns = self.columns(names).items()
        return {name for name, is_range in columns if sort != name and (is_range or sort != "id")}

    def narrow(
        self, query: Select[Any], names: frozenset[str], *, unindexed: Container[str] = ()
    ) -> Select[Any]:
        """Return a query for the selected rows only; `names` are those of its parameters.

        SQLite finds none by the index of an `unindexed` column.
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
        """Return the query that counts the rows that a column alone selects, up to FEW_ROWS."""
        found = select(self.table.c.id).where(*self._conditions(name, names, True))
        return select(func.count()).select_from(found.limit(FEW_ROWS + 1).subquery())

    def _conditions(
        self, name: str, names: frozenset[str], is_indexed: bool
    ) -> list[ColumnElement[bool]]:
        column = self.table.c[name]
        # A text that is sorted by is found in the index of its beginning.
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
