"""The changes of a resource: journal entries after a place, with the current rows.

A page comes from one statement, and so from one snapshot. It reads entries from the place itself,
which proves that the place is still valid, to one that always belongs to the page, even if it is
about another resource. The next page starts there, so that a place does not expire while only other
resources change.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, partial
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Result, Select, Table, and_, bindparam, exists, or_, select

from flask_things.db import places
from flask_things.db.backend import AnySession
from flask_things.db.errors import Gone
from flask_things.db.journal import DELETED
from flask_things.db.places import JOURNAL, Place
from flask_things.db.queries import read
from flask_things.db.session import dialect_of
from flask_things.db.types import rfc3339
from flask_things.http import pagination
from flask_things.resource.page import READ_ROWS, read_page
from flask_things.resource.schemas.writer import Writer
from flask_things.turns import let_others_run

#: How many entries one statement reads. SQLite needs up to 10 milliseconds for them, which block
#: the worker.
WALKED_ENTRIES = 2000

#: How long to look for the first change after a place, in seconds.
WALK_S = 2

LOST = (
    "The journal no longer has this position, or a backup was restored since. Start again from the "
    "export."
)


class Change(NamedTuple):
    """The last change of a row, the place after it, and its JSON with the current row."""

    place: Place
    change: str
    row_id: int
    json: bytes


class Walked(NamedTuple):
    """The columns about an entry in a page's query, after those of the row."""

    at: datetime
    position: int
    change: str
    row_id: int
    is_served: bool
    is_newest: bool
    restarted: int | None


class Changes(NamedTuple):
    """A page: the changes after a place, the next place, and whether newer entries exist."""

    changes: Sequence[Change]
    place: Place
    has_next: bool


class Feed:
    """The changes of a table's rows."""

    def __init__(self, name: str, table: Table, writer: Writer) -> None:
        self.name, self._table, self._bound = name, table, repr((name, "changes"))
        self._writer = writer
        self._page = cache(self._build_page)

    def token(self, place: Place) -> str:
        """Return the token of a place, as clients see it."""
        return pagination.encode(place, self._bound)

    def place(self, token: str) -> Place:
        """Return the place of a token. Raises ValueError (422)."""
        at, position = pagination.decode(token, datetime, self._bound)
        if at is None:
            raise ValueError("The token has no time.")
        return Place(at, position)

    def page(
        self, session: AnySession, place: Place, *, limit: int, max_bytes: int | None = None
    ) -> Changes:
        """Return the changes after a place, up to `limit` and to 8 MB of JSON or `max_bytes`.

        Raises Gone (410) if the place is no longer valid.
        """
        query, end = self._page(dialect_of(session)), monotonic() + WALK_S
        while True:
            take = partial(self._take, place=place, limit=limit, max_bytes=max_bytes)
            given = {"position": place.position, "limit": limit + 2}
            page: Changes = read(session, query, given, take)
            if page.changes or not page.has_next or monotonic() > end:
                return page
            place = page.place
            let_others_run()

    def _build_page(self, dialect: str) -> Select[Any]:
        name, row, later = self._table.name, self._table, JOURNAL.alias("later").c
        position = bindparam("position", type_=BigInteger)
        walk = places.walk(dialect, position)
        entry = walk.limit(WALKED_ENTRIES + 1).subquery("entry").c
        is_last_of_row = ~exists().where(
            later.table_name == name,
            later.row_id == entry.row_id,
            later.position > entry.position,
        )
        is_served = and_(entry.table_name == name, is_last_of_row)
        end = walk.with_only_columns(JOURNAL.c.position).offset(WALKED_ENTRIES).limit(1)
        newest = places.newest(dialect, "position").scalar_subquery()
        kept = (position, end.scalar_subquery(), newest)
        of_entry = (entry.at, entry.position, entry.change, entry.row_id, is_served)
        columns = (*of_entry, entry.position == newest, places.restarted(dialect))
        # Labels that no column can have.
        named = zip(columns, Walked._fields, strict=True)
        query = (
            select(*row.c, *(column.label(f"entry.{name}") for column, name in named))
            .outerjoin(row, and_(entry.table_name == name, row.c.id == entry.row_id))
            .where(or_(is_served, *(entry.position == one for one in kept)))
            .order_by(*places.order(dialect, entry))
            .limit(bindparam("limit"))
        )
        # PostgreSQL's client library would hold all rows in memory.
        return query.execution_options(yield_per=READ_ROWS)

    def _take(
        self, result: Result[Any], place: Place, limit: int, max_bytes: int | None
    ) -> Changes:
        first = result.fetchone()
        entry = _walked(first) if first else None
        if entry is None or entry[:2] != place or (entry.restarted or 0) > place.position:
            raise Gone(LOST)
        page = read_page(result, self._json, limit, max_bytes)
        changes = []
        for row, item in zip(page.rows, page.items, strict=True):
            entry = _walked(row)
            if entry.is_served:
                changes.append(Change(Place(*entry[:2]), _change(row, entry), entry.row_id, item))
        return Changes(changes, Place(*entry[:2]), has_next=not entry.is_newest)

    def _json(self, row: Any) -> bytes:
        entry = _walked(row)
        about = f'"change":"{_change(row, entry)}","id":{entry.row_id},"at":"{rfc3339(entry.at)}"'
        shown = b"null" if row.id is None else self._writer.json(row)
        return b'{%b,"%b":%b}' % (about.encode(), self._table.name.encode(), shown)


def _walked(row: Any) -> Walked:
    return Walked(*row[-len(Walked._fields) :])


def _change(row: Any, entry: Walked) -> str:
    return DELETED if row.id is None else entry.change
