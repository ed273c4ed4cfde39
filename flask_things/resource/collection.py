"""The rows of a resource, for HTTP, `flask shell` and the commands."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import Row, Table

from flask_things.db.backend import AnySession
from flask_things.db.batches import in_batches
from flask_things.db.errors import NotFound
from flask_things.db.queries import limit_wait, read, rows, stream
from flask_things.db.session import dialect_of, reading, take_turns, writing
from flask_things.db.types import utc_now
from flask_things.http.request_schemas import BULK_MAX_ITEMS
from flask_things.resource.constraints import Constraints, write
from flask_things.resource.page import PAGE_MAX_BYTES, Page, read_page
from flask_things.resource.row_values import Values
from flask_things.resource.schemas.writer import Writer
from flask_things.resource.selection import Queries, narrowest
from flask_things.resource.statements import Statements, this

#: A row as it was read or written.
Stored = Row[Any]

#: Raises an error unless the current state is what a client expects.
Expect = Callable[..., None]


class Collection:
    """The rows of a table. Every method takes a session; writing methods commit it.

    A selection is `q`, `id`, values and bounds: see narrowing.py.
    """

    def __init__(self, table: Table, queries: Queries, writer: Writer) -> None:
        self.table, self.queries, self.writer = table, queries, writer
        self.constraints = Constraints(table)
        self._values = Values(table)
        self._statements = Statements(table, writer)

    def find(self, session: AnySession, /, **selection: Any) -> Sequence[Stored]:
        """Return the selected rows.

        `sort` is the name of a column, with `-` before it for descending order. `limit` is the
        maximum number of rows. `after` is the sorted value and the id of the last row before them.
        """
        return rows(session, *self.queries.page(dialect_of(session), **selection))

    def count(self, session: AnySession, /, **selection: Any) -> int:
        """Return the number of selected rows."""
        return rows(session, *self.queries.count(dialect_of(session), **selection))[0][0]  # type: ignore[no-any-return]

    def page(
        self,
        session: AnySession,
        /,
        *,
        limit: int,
        total: bool,
        sort: str,
        after: Any = None,
        **selection: Any,
    ) -> Page:
        """Return the first rows that `find` returns, up to `limit` or 8 MB of JSON."""
        probes = self.queries.probes(dialect_of(session), sort=sort, **selection)
        counts = {name: rows(session, *probe)[0][0] for name, probe in probes.items()}
        query, parameters = self.queries.page(
            dialect_of(session),
            sort=sort,
            after=after,
            limit=limit + 1,
            max_bytes=PAGE_MAX_BYTES,
            by=narrowest(counts),
            **selection,
        )
        with reading(session) if total else nullcontext():
            take = partial(read_page, write=self.writer.json, limit=limit)
            page: Page = read(session, self.writer.query(query), parameters, take)
            return page._replace(total=self.count(session, **selection)) if total else page

    def export(self, session: AnySession, /, **selection: Any) -> Generator[Stored]:
        """Yield all rows that `find` returns, from one snapshot.

        They keep a connection until the generator ends or is closed. Raises Unavailable (503).
        """
        return stream(session, *self.queries.page(dialect_of(session), **selection))

    def get(self, session: AnySession, row_id: int) -> Stored:
        """Return a row. Raises NotFound (404)."""
        return self._first(self._statements.get.rows(session, this(row_id)), row_id)

    def get_written(self, session: AnySession, row_id: int) -> Stored:
        """Return a row in the form that `writer` is fastest with. Raises NotFound (404)."""
        return self._first(self._statements.get_written.rows(session, this(row_id)), row_id)

    def lock(self, session: AnySession, row_id: int, expect: Expect | None = None) -> Stored:
        """Lock a row, inside `writing`, against changes by others, and return it.

        `expect` is as in update. Raises NotFound (404).
        """
        limit_wait(session)
        row = self._first(self._statements.lock.rows(session, this(row_id)), row_id)
        if expect:
            expect(row)
        return row

    def create(
        self, session: AnySession, /, *, expect: Expect | None = None, **fields: Any
    ) -> Stored:
        """Store a new row and return it.

        `expect` is called just before, while no other request with an expectation can create rows.
        Raises its errors, Invalid (422) and Conflict (409).
        """
        with writing(session):
            self.expect(session, expect)
            [row] = self._store(session, [fields], first=None)
        return row

    def create_many(
        self,
        session: AnySession,
        items: Iterable[Mapping[str, Any]],
        *,
        expect: Expect | None = None,
    ) -> Sequence[Stored]:
        """Store new rows, all or none, and return them in the same order.

        Reads at most one batch of `items` ahead. Raises the errors of `create`.
        """
        batches = in_batches(items, dict, BULK_MAX_ITEMS)
        first = next(batches, [])
        stored: list[Stored] = []
        if not first:
            return stored
        with writing(session, alone=len(first) > 1):
            self.expect(session, expect)
            for batch in chain([first], batches):
                stored += self._store(session, batch, first=len(stored))
        return stored

    def expect(self, session: AnySession, expect: Expect | None) -> None:
        """Call `expect`, inside `writing`, while no other request with an expectation can write."""
        if expect:
            take_turns(session, self.table.name)
            expect()

    def _store(
        self, session: AnySession, items: list[Mapping[str, Any]], *, first: int | None
    ) -> Sequence[Stored]:
        """Store rows; `first` is the number of the first item in a bulk call."""
        new = [self._values.complete(fields) for fields in items]
        if self.constraints.exist:
            self.constraints.check(session, new, first=first)
        if len(new) > 1:
            return write(rows, session, self._statements.insert_many, new)
        return write(self._statements.insert.rows, session, new[0])

    def update(
        self, session: AnySession, row_id: int, /, *, expect: Expect | None = None, **fields: Any
    ) -> Stored:
        """Change the given fields of a row and return it. Sets `updated_at` if a value changes.

        `expect` gets the locked row before the change. Raises its errors, NotFound (404), Invalid
        (422) and Conflict (409).
        """
        with writing(session):
            return self.change(session, self.lock(session, row_id, expect), fields)

    def change(
        self, session: AnySession, row: Stored, fields: Mapping[str, Any], number: int | None = None
    ) -> Stored:
        """Change fields of a locked row, inside `writing`, and return it.

        `number` is the number of the item in a bulk call. Raises the errors of `update`.
        """
        new = self._values.changes(row, fields)
        if not new:
            return row
        if self.constraints.exist:
            self.constraints.check(session, [new], first=number, row_id=row.id)
        new = {**new, "updated_at": utc_now(), **this(row.id)}
        return write(self._statements.update.rows, session, new)[0]

    def delete(self, session: AnySession, row_id: int, *, expect: Expect | None = None) -> None:
        """Delete a row. Its id is never used again.

        `expect` is as in update. Raises NotFound (404).
        """
        with writing(session):
            self.lock(session, row_id, expect)
            write(self._statements.delete.rows, session, this(row_id))

    def _first(self, found: Sequence[Stored], row_id: int) -> Stored:
        if not found:
            raise NotFound(f"There is no {self.table.name.replace('_', ' ')} {row_id}.")
        return found[0]
