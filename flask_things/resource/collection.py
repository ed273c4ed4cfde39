"""What can be done with the rows of a resource: HTTP, `flask shell` and the commands come here."""

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

#: A row as it was when it was read or written.
Stored = Row[Any]

#: Checks what a client expects of the present state: it raises an error if that is not so.
Expect = Callable[..., None]


class Collection:
    """The rows of a table. Every method takes a session; those that write commit it.

    A selection is `q`, `id`, values and bounds: see narrowing.py.
    """

    def __init__(self, table: Table, queries: Queries, writer: Writer) -> None:
        self.table, self.queries, self.writer = table, queries, writer
        self.constraints = Constraints(table)
        self._values = Values(table)
        self._statements = Statements(table)

    def find(self, session: AnySession, /, **selection: Any) -> Sequence[Stored]:
        """Return the selected rows as the database has them now.

        `sort` is the name of a column, with a `-` before it for descending order, `limit` the most
        rows to return, and `after` the place to go on from: a value of the sorted column and an id.
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
        """Return every row that `find` returns, one after the other, all of one snapshot.

        They come from a connection that is in use until they end or are closed. Raises Away (503).
        """
        return stream(session, *self.queries.page(dialect_of(session), **selection))

    def get(self, session: AnySession, row_id: int) -> Stored:
        """Return a row as the database has it now.

        Raises NotFound (404).
        """
        return self._first(self._statements.get.rows(session, this(row_id)), row_id)

    def lock(self, session: AnySession, row_id: int, expect: Expect | None = None) -> Stored:
        """Return a row that inside `writing` nobody else can change any more.

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

        `expect` is called just before, when nobody else who expects something can create rows; what
        it raises is raised. Raises Invalid (422) and Conflict (409).
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
        """Store new rows, all or none, and return them in their order.

        It raises what `create` raises. Of `items` no more than a batch is read ahead.
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
        """Call `expect`, inside `writing`, when nobody else who expects something can write."""
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
        """Change the given fields of a row and return it; `updated_at` moves if one changes.

        `expect` gets the row as it is just before, when nobody else can change it any more; what it
        raises is raised. Raises NotFound (404), Invalid (422) and Conflict (409).
        """
        with writing(session):
            return self.change(session, self.lock(session, row_id, expect), fields)

    def change(
        self, session: AnySession, row: Stored, fields: Mapping[str, Any], number: int | None = None
    ) -> Stored:
        """Change fields of a row that nobody else can change, inside `writing`, and return it.

        `number` is that of the item in a bulk call. It raises what `update` raises.
        """
        new = self._values.changes(row, fields)
        if not new:
            return row
        if self.constraints.exist:
            self.constraints.check(session, [new], first=number, row_id=row.id)
        new = {**new, "updated_at": utc_now(), **this(row.id)}
        return write(self._statements.update.rows, session, new)[0]

    def delete(self, session: AnySession, row_id: int, *, expect: Expect | None = None) -> None:
        """Delete a row; its id is never given again.

        `expect` is as in update. Raises NotFound (404).
        """
        with writing(session):
            self.lock(session, row_id, expect)
            write(self._statements.delete.rows, session, this(row_id))

    def _first(self, found: Sequence[Stored], row_id: int) -> Stored:
        if not found:
            raise NotFound(f"There is no {self.table.name.replace('_', ' ')} {row_id}.")
        return found[0]
