"""The journal: which row changed, how and when, and what it was before.

Triggers write it (resource/tables/journal.py), so it has every change, whichever program makes it.
The feed of changes, the trash, versions and the response cache read it.

A place in the journal is an entry's position and time. The place is lost if that entry is gone or
is another one, or if a backup was restored since: RESTART adds an entry that says so. The journal
is never empty, so that there always is a place that means "now".
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from flask import current_app
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    delete,
    func,
    null,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from flask_things.db.objects import DatabaseObject, literal, quote
from flask_things.db.session import CHORES, db
from flask_things.db.types import UTCDateTime, utc_now
from flask_things.db.types.defaults import NOW, ServerDefault

#: The kinds of changes. `started`: the journal begins here, or a backup was restored.
CREATED, UPDATED, DELETED, RESTORED, STARTED = (
    "created",
    "updated",
    "deleted",
    "restored",
    "started",
)

#: How many entries a write removes at first. While that is not enough, each write removes twice as
#: many as the one before, up to more than a bulk call adds.
TRIMMED, TRIMMED_MAX = 10, 2000

#: How long a worker's writes remove none after one that has found fewer.
REST = timedelta(minutes=1)

#: How long an entry is kept at least, without what was before: clients may be away for a while.
KEPT_AT_LEAST = timedelta(days=1)

#: In how many of the newest entries a write erases what was before, if nothing old is to be kept.
ERASED = 1000

#: The number of the transaction that writes: PostgreSQL's, in whose order entries are read.
TRANSACTION = ServerDefault(sqlite="NULL", postgresql="(pg_current_xact_id()::text::bigint)")

#: Makes every place in the journal that a client holds invalid.
RESTART = f"INSERT INTO journal (change) VALUES ('{STARTED}')"  # noqa: S608 - a constant

#: What a dump of another server has: numbers of transactions that this server has yet to reach.
FOREIGN = "WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


class Entry(db.Model):  # type: ignore[name-defined]
    """A change of a row."""

    __tablename__ = "journal"

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    #: The table and the row that changed. NULL where more than that may have changed.
    table_name: Mapped[str | None] = mapped_column(Text)
    row_id: Mapped[int | None] = mapped_column(BigInteger)
    change: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime, server_default=NOW)
    #: The row's columns before the change, as the database stores them.
    before: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    transaction_id: Mapped[int | None] = mapped_column(BigInteger, server_default=TRANSACTION)

    __table_args__ = (
        Index("ix_journal_row", "table_name", "row_id", "position"),
        {"sqlite_autoincrement": True},
    )


DELETIONS = f"""\
CREATE INDEX "journal_sort_deletions" ON journal (table_name, position)
WHERE change = '{DELETED}'"""

#: The order in which PostgreSQL's entries are read. On SQLite, where positions are in that order
#: anyway, the index stays empty.
TRANSACTIONS = 'CREATE INDEX "journal_sort_transactions" ON journal (transaction_id, position)'

Entry.__table__.info["objects"] = [
    DatabaseObject("index", "journal_sort_deletions", (DELETIONS,), (DELETIONS,)),
    DatabaseObject(
        "index",
        "journal_sort_transactions",
        (f"{TRANSACTIONS}\nWHERE transaction_id IS NOT NULL",),
        (TRANSACTIONS,),
    ),
]


def watch(table: Table) -> None:
    """Let the journal tell that a table that is no resource has changed, not which row."""
    name, on = quote(f"{table.name}_journal"), quote(table.name)
    add = f"INSERT INTO journal (table_name, change) VALUES ({literal(table.name)}, '{UPDATED}');"  # noqa: S608
    events = {"": "INSERT", "_update": "UPDATE", "_delete": "DELETE"}
    sqlite = tuple(
        f"CREATE TRIGGER {quote(f'{table.name}_journal{ending}')} AFTER {event} ON {on} BEGIN\n"
        f"    {add}\n"
        "END"
        for ending, event in events.items()
    )
    postgresql = (
        f"""\
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    {add}
    RETURN NULL;
END
$$""",
        f"""\
CREATE TRIGGER {name} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {on}
FOR EACH STATEMENT EXECUTE FUNCTION {name}()""",
    )
    table.info["objects"] = [
        DatabaseObject("triggers", f"{table.name}_journal", sqlite, postgresql)
    ]


def adopt(connection: Connection) -> None:
    """Restart a journal that was written on another PostgreSQL server."""
    if connection.exec_driver_sql(f"SELECT 1 FROM journal {FOREIGN} LIMIT 1").first():  # noqa: S608
        connection.exec_driver_sql(f"UPDATE journal SET transaction_id = 0 {FOREIGN}")  # noqa: S608
        connection.exec_driver_sql(RESTART)


def kept_since() -> datetime:
    """Return from when on deleted rows and old versions can still be seen."""
    return utc_now() - timedelta(days=current_app.config["THINGS_KEEP_DAYS"])


class Trimmer:
    """Removes entries that were kept for long enough, a few with each write."""

    def __init__(self) -> None:
        self._rests_since = datetime.min.replace(tzinfo=UTC)
        self._limit = TRIMMED

    def __call__(self, session: Session) -> None:
        """Remove some, unless a moment ago there were few."""
        now = utc_now()
        if not current_app.config["THINGS_KEEP_DAYS"]:
            session.connection().execute(ERASE)
        if abs(now - self._rests_since) < REST:
            return
        connection = session.connection()
        oldest = connection.execute(OLDEST, {"limit": self._limit + 1}).all()
        end = min(kept_since(), now - KEPT_AT_LEAST)
        # The last one that is old stays: a client may have come to it, and missed nothing since.
        old = [one.position for one, following in pairwise(oldest) if following.at < end]
        if old:
            connection.execute(delete(Entry.__table__).where(_unlocked(Entry.position.in_(old))))
        if len(old) == self._limit:
            self._limit = min(2 * self._limit, TRIMMED_MAX)
        else:
            self._limit, self._rests_since = TRIMMED, now


def _unlocked(condition: Any) -> Any:
    """Return the condition for those entries that no other transaction is removing."""
    free = select(Entry.position).where(condition).order_by(Entry.position)
    return Entry.position.in_(free.with_for_update(skip_locked=True))


OLDEST = select(Entry.position, Entry.at).order_by(Entry.position).limit(bindparam("limit"))

_newest = select(func.max(Entry.position) - ERASED).scalar_subquery()
ERASE = (
    update(Entry.__table__)
    .where(_unlocked((Entry.position > _newest) & Entry.before.is_not(None)))
    .values(before=null())
)

CHORES.append(Trimmer())
