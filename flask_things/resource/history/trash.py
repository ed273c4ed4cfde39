"""The trash: deleted rows that can be restored."""

from contextlib import suppress
from functools import partial
from typing import Any

from marshmallow import Schema
from sqlalchemy import ColumnElement, Select, exists, insert, null, select, update
from sqlalchemy.orm import aliased

from flask_things.db.backend import AnySession
from flask_things.db.errors import Invalid, NotFound
from flask_things.db.ids import ID_MAX
from flask_things.db.journal import DELETED, Entry
from flask_things.db.queries import read, rows
from flask_things.db.session import dialect_of, joined, take_turns, writing
from flask_things.db.trimming import kept_since
from flask_things.db.types import utc_now
from flask_things.resource.collection import Collection, Expect, Stored
from flask_things.resource.constraints import write
from flask_things.resource.history import previous_rows
from flask_things.resource.page import PAGE_MAX_BYTES, Page, limit_bytes, read_page
from flask_things.resource.schemas.writer import Writer


def deletions(table: str) -> list[ColumnElement[bool]]:
    """Return the conditions for journal entries that are in a table's trash."""
    later = aliased(Entry)
    of_row = (later.table_name == Entry.table_name, later.row_id == Entry.row_id)
    return [
        Entry.table_name == table,
        Entry.change == DELETED,
        Entry.before.is_not(None),
        Entry.at >= kept_since(),
        ~exists().where(*of_row, later.position > Entry.position),
    ]


class Trash:
    """The rows deleted within THINGS_KEEP_DAYS, except those that were erased.

    Every method takes a session; those that write commit it. `expect` is as in Collection, but gets
    None for a row in the trash.
    """

    def __init__(self, collection: Collection, record: Schema, writer: Writer) -> None:
        self._collection, self._table = collection, collection.table
        self._record, self._writer = record, writer
        self._insert = insert(self._table).returning(*self._table.c)

    def page(self, session: AnySession, *, limit: int, before: int | None = None) -> Page:
        """Return the most recently deleted rows, up to `limit` or 8 MB of JSON.

        `_position` is a row's position in the journal; with `before` the page has earlier ones.
        """
        dialect, order = dialect_of(session), [Entry.position.desc()]
        place, at = Entry.position.label("_position"), Entry.at.label("deleted_at")
        found = self._found(dialect, at, place)
        if before is not None:
            found = found.where(Entry.position < before)
        found = found.order_by(*order).limit(limit + 1)
        if dialect == "postgresql":
            found = limit_bytes(found, order)
        found = found.execution_options(takes_long=True)  # it also reads entries that have expired
        parameters = {"max_bytes": PAGE_MAX_BYTES}
        take = partial(read_page, write=self._writer.json, limit=limit)
        return read(session, found, parameters, take)  # type: ignore[no-any-return]

    def restore(
        self, session: AnySession, row_id: int, /, *, expect: Expect | None = None
    ) -> Stored:
        """Restore a row and return it. An existing row is returned unchanged.

        Its `updated_at` is new, so that no old ETag becomes valid again. Raises NotFound (404), and
        Invalid (422) and Conflict (409) as `create` does.
        """
        with writing(session):
            take_turns(session, self._name(row_id))
            with suppress(NotFound):
                return self._collection.lock(session, row_id, expect)
            row = self._get(session, self._found(dialect_of(session)), row_id, expect)
            if messages := self._record.validate(self._record.dump(row), partial=True):
                raise Invalid(messages)
            values = {column.name: getattr(row, column.name) for column in self._table.c}
            # A revision above 1 marks a restored row in the journal.
            values |= {"updated_at": utc_now(), "revision": max(row.revision, 1) + 1}
            self._collection.constraints.check(session, [values])
            [restored] = write(rows, session, self._insert, values)
            return restored

    def erase(self, session: AnySession, row_id: int, /, *, expect: Expect | None = None) -> None:
        """Erase a row in the trash and all its versions. The journal keeps only the fact.

        Raises NotFound (404).
        """
        with writing(session):
            take_turns(session, self._name(row_id))
            in_trash = select(Entry.position).where(*deletions(self._table.name))
            self._get(session, in_trash, row_id, expect)
            mine = (Entry.table_name == self._table.name, Entry.row_id == row_id)
            erase = update(Entry.__table__).where(*mine, Entry.before.is_not(None))
            joined().execute(erase.values(before=null()))

    def _get(
        self, session: AnySession, query: Select[Any], row_id: int, expect: Expect | None
    ) -> Stored:
        is_id = 1 <= row_id <= ID_MAX
        found = rows(session, query.where(Entry.row_id == row_id)) if is_id else ()
        if not found:
            raise NotFound(f"There is no {self._name(row_id)} in the trash.")
        if expect:
            expect(None)
        return found[0]

    def _found(self, dialect: str, *others: ColumnElement[Any]) -> Select[Any]:
        query = select(*previous_rows.columns(self._table, dialect), *others)
        return query.where(
            *deletions(self._table.name), *previous_rows.readable(self._table, dialect)
        )

    def _name(self, row_id: int) -> str:
        return f"{self._table.name.replace('_', ' ')} {row_id}"
