"""Places in the journal, and which entries a reader can pass without missing any.

A place is just after an entry: its reader knows everything before. PostgreSQL may commit
transactions in another order than they write. So entries are ordered by transaction, and an entry
is settled once all earlier transactions have ended: later commits come after it.
"""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, Text, cast, func, select, true, tuple_

from flask_things.db.backend import AnySession, Unavailable
from flask_things.db.journal import Entry
from flask_things.db.queries import rows
from flask_things.db.session import dialect_of

JOURNAL = Entry.__table__


class Place(NamedTuple):
    """The time and position of an entry."""

    at: datetime
    position: int


def now(session: AnySession) -> Place:
    """Return the newest place. Raises Unavailable (503) if no entry is settled yet."""
    found: Any = rows(session, _now(dialect_of(session)))
    if not found:
        raise Unavailable("a transaction that is older than the journal is still open")
    return Place(*found[0])


@cache
def _now(dialect: str) -> Select[Any]:
    return newest(dialect, "at", "position")


def newest(dialect: str, *names: str) -> Select[Any]:
    """Return the query for columns of the last settled entry."""
    entry = JOURNAL.alias("newest").c
    descending = (column.desc() for column in order(dialect, entry))
    columns = (entry[name] for name in names)
    return select(*columns).where(_settled(dialect, entry)).order_by(*descending).limit(1)


def walk(dialect: str, position: Any) -> Select[Any]:
    """Return the query for the settled entries in order, starting at a position."""
    entry, one = JOURNAL.c, JOURNAL.alias("one").c
    is_after = entry.position >= position
    if dialect == "postgresql":
        transaction = select(one.transaction_id).where(one.position == position)
        first = tuple_(transaction.scalar_subquery(), position)
        is_after = tuple_(*order(dialect, entry)) >= first
    walked = select(*(column for column in entry if column is not entry.before))
    return walked.where(is_after, _settled(dialect, entry)).order_by(*order(dialect, entry))


def order(dialect: str, entry: Any) -> list[Any]:
    """Return the columns that order entries."""
    if dialect == "postgresql":
        return [entry.transaction_id, entry.position]
    return [entry.position]


def restarted(dialect: str) -> Any:
    """Return the highest position before which all places are invalid, as a subquery."""
    entry = JOURNAL.alias("started").c
    # An expression, so that PostgreSQL uses the index on tables.
    highest = select(func.max(entry.position + 0))
    return highest.where(entry.table_name.is_(None), _settled(dialect, entry)).scalar_subquery()


def _settled(dialect: str, entry: Any) -> Any:
    if dialect != "postgresql":
        return true()
    oldest = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return entry.transaction_id < cast(cast(oldest, Text), BigInteger)
