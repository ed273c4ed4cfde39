"""The connection of a process that writes, and what it executes around each transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from flask_things.db.sqlite.file import error_name, sqlite3

#: Makes SQLite read the schema if another process has changed it. While an INSERT is compiled whose
#: triggers feed FTS5, that would end in "no such table".
LOAD_SCHEMA = "SELECT 1 FROM sqlite_schema LIMIT 0"


class Writer:
    """The connection that writes. To take one from the pool takes longer than a statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Connection | None = None
        event.listen(engine, "engine_disposed", lambda _engine: self._drop())

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """Lend it to one block at a time; it is kept, unless that raises an error."""
        connection, self._kept = self._kept or self._engine.connect(), None
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._kept = connection

    def _drop(self) -> None:
        """Close it, as before a fork: the locks on a file belong to a process."""
        if self._kept:
            self._kept.invalidate()
            self._kept.close()
            self._kept = None


def driver_connection(connection: Connection) -> Any:
    """Return the driver's connection."""
    return connection.connection.driver_connection


def execute(connection: Connection, statement: str) -> None:
    """Execute what returns nothing, by the driver: SQLAlchemy takes five times as long.

    After an error SQLAlchemy tries again, and raises it as its own.
    """
    try:
        driver_connection(connection).execute(statement)
    except sqlite3.Error:
        connection.exec_driver_sql(statement)


def has_begun(connection: Connection) -> bool:
    """Begin a transaction with the write lock, or tell that another one has it."""
    try:
        execute(connection, "BEGIN IMMEDIATE")
        execute(connection, LOAD_SCHEMA)
    except OperationalError as error:
        if error_name(error.orig).startswith("SQLITE_BUSY"):
            return False
        raise
    return True
