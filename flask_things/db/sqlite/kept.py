"""Connections that a process keeps, and what the one that writes executes around a transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from flask_things.db.sqlite.file import error_name, sqlite3

#: Makes SQLite read the schema if another process has changed it. While an INSERT is compiled whose
#: triggers feed FTS5, that would end in "no such table".
LOAD_SCHEMA = "SELECT 1 FROM sqlite_schema LIMIT 0"


class Kept:
    """Connections that are lent again and again, beside the pool that they come from.

    To take one from the pool, and to give it back, takes longer than a statement.
    """

    def __init__(self, engine: Engine, take: Callable[[], Any]) -> None:
        """Take an engine, and what takes a connection from its pool."""
        self._take = take
        self._idle: list[Any] = []
        event.listen(engine, "engine_disposed", lambda _engine: self._close())

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """Lend a connection to the block; after an error the pool gets it back.

        So it does if nothing could be written when it was opened: see Connections.
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
        """Close those that are idle, as before a fork: the locks on a file belong to a process."""
        while self._idle:
            connection = self._idle.pop()
            connection.invalidate()
            connection.close()


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
        if not driver_connection(connection).in_transaction:  # the last try may have come this far
            execute(connection, "BEGIN IMMEDIATE")
        execute(connection, LOAD_SCHEMA)
    except OperationalError as error:
        if error_name(error.orig).startswith("SQLITE_BUSY"):
            return False
        raise
    return True
