"""Versions: the states of a row after each of its changes.

A journal entry has the row before a change, which is also its state after the previous change. The
entry of the oldest known version may be gone; then the row's own times are used.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    case,
    desc,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from flask_things.db.backend import AnySession
from flask_things.db.errors import NotFound
from flask_things.db.ids import ID_MAX
from flask_things.db.journal import CREATED, DELETED, UPDATED, Entry
from flask_things.db.queries import read
from flask_things.db.session import dialect_of
from flask_things.db.trimming import kept_since
from flask_things.db.types import UTCDateTime, rfc3339
from flask_things.resource.history import previous_rows
from flask_things.resource.history.trash import deletions
from flask_things.resource.page import PAGE_MAX_BYTES, Page, limit_bytes, read_page
from flask_things.resource.schemas.writer import Writer

#: The position of the current row, which no change has ended yet.
PRESENT = ID_MAX


class Versions:
    """The versions of a table's rows: the current ones and those of THINGS_KEEP_DAYS."""

    def __init__(self, table: Table, writer: Writer) -> None:
        self._table, self._writer = table, writer

    def page(
        self, session: AnySession, row_id: int, *, limit: int, before: int | None = None
    ) -> Page:
        """Return the newest versions of a row, up to `limit` or 8 MB of JSON.

        Each has `_at` and `_change`, and the row, which is NULL after a deletion. `_position` is
        the position of the change; with `before` the page has versions that ended there or earlier.
        Raises NotFound (404) if the row neither exists nor is in the trash.
        """
        found = Page([], [], has_next=False)
        if 1 <= row_id <= ID_MAX:
            parts = [self._before(row_id, dialect_of(session), limit, before)]
            if before is None:
                parts.insert(0, self._present(row_id))
            query = union_all(*parts).order_by(desc("_ended")).limit(limit + 1)
            # it also reads entries that have expired
            query = query.execution_options(takes_long=True)
            take = partial(read_page, write=self._json, limit=limit)
            found = read(session, query, {"max_bytes": PAGE_MAX_BYTES}, take)
        if before is None and not (found.rows and found.rows[0]._ended == PRESENT):
            raise NotFound(f"There is no {self._table.name.replace('_', ' ')} {row_id}.")
        return found

    def _json(self, version: Row[Any]) -> bytes:
        row = b"null" if version.id is None else self._writer.json(version)
        about = f'"at":"{rfc3339(version._at)}","change":"{version._change}"'
        return b'{%b,"%b":%b}' % (about.encode(), self._table.name.encode(), row)

    def _present(self, row_id: int) -> Select[Any]:
        """Return the query for the current row, or for its absence if it is in the trash."""
        table, always = self._table, select(literal(1).label("one")).subquery()
        in_trash = select(Entry.position).where(*deletions(table.name), Entry.row_id == row_id)
        row = always.outerjoin(table, table.c.id == row_id)
        query = self._versions(row_id, literal(PRESENT), table.c, row)
        return query.where(or_(table.c.id.is_not(None), in_trash.exists()))

    def _before(self, row_id: int, dialect: str, limit: int, before: int | None) -> Select[Any]:
        """Return the query for the row before each of its stored changes."""
        columns = previous_rows.columns(self._table, dialect)
        query = self._versions(row_id, Entry.position, columns, Entry.__table__).where(
            Entry.table_name == self._table.name,
            Entry.row_id == row_id,
            Entry.at >= kept_since(),
            *previous_rows.readable(self._table, dialect),
        )
        if before is not None:
            query = query.where(Entry.position <= before)
        if dialect == "postgresql":
            order = [Entry.position.desc()]
            query = select(
                *limit_bytes(query.order_by(*order).limit(limit + 1), order).subquery().c
            )
        return query

    def _versions(
        self, row_id: int, ended: Any, columns: Iterable[ColumnElement[Any]], source: FromClause
    ) -> Select[Any]:
        """Return a query for states of the row, each with the change that led to it."""
        earlier, change = aliased(Entry), aliased(Entry)
        newest = select(func.max(earlier.position)).where(
            earlier.table_name == self._table.name,
            earlier.row_id == row_id,
            earlier.position < ended,
        )
        is_newest = change.position == newest.correlate(Entry).scalar_subquery()
        row = {column.name: column for column in columns}
        is_new = row["created_at"] == row["updated_at"]
        return (
            select(
                *row.values(),
                ended.label("_ended"),
                func.coalesce(change.position, ended - 1).label("_position"),
                func.coalesce(change.at, row["updated_at"], type_=UTCDateTime()).label("_at"),
                case(
                    (change.change.is_not(None), change.change), (is_new, CREATED), else_=UPDATED
                ).label("_change"),
            )
            .select_from(source)
            .outerjoin(change, and_(is_newest, change.at >= kept_since()))
            .where(or_(row["id"].is_not(None), change.change == DELETED))
        )
