"""The journal: which row changed, how and when, and its previous values.

Triggers write it (resource/tables/journal.py), so it has the changes of every program. The feed of
changes, the trash, versions and the response cache read it.

A place is the position and time of an entry. It becomes invalid if that entry is removed or
replaced, or if a backup is restored: RESTART adds an entry that marks this. The journal is never
empty, so that there is always a place that means "now".
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, Index, Integer, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.db.objects import DatabaseObject, literal, quote
from flask_things.db.session import db
from flask_things.db.types import UTCDateTime
from flask_things.db.types.defaults import NOW, ServerDefault

#: The kinds of changes. `started` marks the beginning of the journal or the restore of a backup.
CREATED, UPDATED, DELETED, RESTORED, STARTED = (
    "created",
    "updated",
    "deleted",
    "restored",
    "started",
)

#: The number of the writing transaction. On PostgreSQL entries are read in its order.
TRANSACTION = ServerDefault(sqlite="NULL", postgresql="(pg_current_xact_id()::text::bigint)")

#: Invalidates every place that a client holds.
RESTART = f"INSERT INTO journal (change) VALUES ('{STARTED}')"  # noqa: S608 - a constant

#: Matches entries of a dump from another server: their transaction numbers are in the future here.
FOREIGN = "WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


class Entry(db.Model):  # type: ignore[name-defined]
    """A change of a row."""

    __tablename__ = "journal"

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    #: The table and row that changed. NULL if more may have changed.
    table_name: Mapped[str | None] = mapped_column(Text)
    row_id: Mapped[int | None] = mapped_column(BigInteger)
    change: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime, server_default=NOW)
    #: The row's previous columns, as the database stores them.
    before: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    transaction_id: Mapped[int | None] = mapped_column(BigInteger, server_default=TRANSACTION)

    __table_args__ = (
        Index("ix_journal_row", "table_name", "row_id", "position"),
        {"sqlite_autoincrement": True},
    )


DELETIONS = f"""\
CREATE INDEX "journal_sort_deletions" ON journal (table_name, position)
WHERE change = '{DELETED}'"""

#: PostgreSQL's entries are read in this order. On SQLite, where positions have the same order, the
#: index stays empty.
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
    """Record changes of a table that is not a resource, without the row."""
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
