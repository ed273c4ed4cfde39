"""Connections that a process keeps, and the statements around a write transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from flask_things.db.sqlite.file import error_name, sqlite3

#: Makes SQLite reload the schema if another process has changed it. Otherwise, an INSERT whose
#: triggers feed FTS5 fails with "no such table" while it is compiled.
LOAD_SCHEMA = "SELECT 1 FROM sqlite_schema LIMIT 0"


class Kept:
    """Connections that are taken from the pool once and then reused.

    Taking one from the pool and returning it takes longer than a statement.
    """

    def __init__(self, engine: Engine, take: Callable[[], Any]) -> None:
        self._take = take
        self._idle: list[Any] = []
        event.listen(engine, "engine_disposed", lambda _engine: self._close())

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """Lend a connection to the block.

        It returns to the pool after an error, and if it was opened read-only: see Connections.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if connection.info["writes"]:
            self._idle.append(connection)
        else:
            connection.close()

    def _close(self) -> None:
        """Close idle connections, as before a fork: file locks belong to a process."""
        while self._idle:
            connection = self._idle.pop()
            connection.invalidate()
            connection.close()


def driver_connection(connection: Connection) -> Any:
    """Return the driver's connection."""
    return connection.connection.driver_connection


def execute(connection: Connection, statement: str) -> None:
    """Execute a statement without a result by the driver, in a fifth of SQLAlchemy's time.

    After an error, SQLAlchemy repeats the statement and raises its own error.
    """
    try:
        driver_connection(connection).execute(statement)
    except sqlite3.Error:
        connection.exec_driver_sql(statement)


def has_begun(connection: Connection) -> bool:
    """Begin a transaction with SQLite's write lock; return whether the lock was free."""
    try:
        if not driver_connection(connection).in_transaction:  # the last try may have come this far
            execute(connection, "BEGIN IMMEDIATE")
        execute(connection, LOAD_SCHEMA)
    except OperationalError as error:
        if error_name(error.orig).startswith("SQLITE_BUSY"):
            return False
        raise
    return True
