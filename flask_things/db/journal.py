"""The journal: which row changed, how and when, and what it was before.

Triggers write it (resource/tables/journal.py), so it has every change, whichever program makes it.
The feed of changes, the trash, versions and the response cache read it.

A place in the journal is an entry's position and time. The place is lost if that entry is gone or
is another one, or if a backup was restored since: RESTART adds an entry that says so. The journal
is never empty, so that there always is a place that means "now".
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, Index, Integer, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.db.objects import DatabaseObject, literal, quote
from flask_things.db.session import db
from flask_things.db.types import UTCDateTime
from flask_things.db.types.defaults import NOW, ServerDefault

#: The kinds of changes. `started`: the journal begins here, or a backup was restored.
CREATED, UPDATED, DELETED, RESTORED, STARTED = (
    "created",
    "updated",
    "deleted",
    "restored",
    "started",
)

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
