"""The SQLite backend: transactions, and the preparation of the file at the start."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, FromClause

from flask_things.db.backend import CONNECTIONS, AnySession, Offload, Unavailable, Unusable, made
from flask_things.db.sqlite import file
from flask_things.db.sqlite.connections import Connections
from flask_things.db.sqlite.file import sqlite3
from flask_things.db.sqlite.file_identity import Identity
from flask_things.db.sqlite.files import beside
from flask_things.db.sqlite.group_commit import GroupCommit
from flask_things.db.sqlite.kept import Kept, driver_connection, execute, has_begun
from flask_things.db.sqlite.write_lock import WriteLock, try_until


class SQLite:
    """A database file that all workers share."""

    def __init__(self, path: Path, *, busy_timeout_ms: int, synchronous: str) -> None:
        self.offload = Offload(busy_timeout_ms / 1000)
        self._identity = Identity(path)
        self.path = self._identity.path
        self._connections = Connections(
            self._identity, busy_timeout_ms=busy_timeout_ms, synchronous=synchronous
        )
        self.version, self.changes = self._connections.version, self._connections.changes
        self.busy_timeout_ms = busy_timeout_ms
        self.write_lock = WriteLock(beside(self.path, "-gate"))
        self.groups = GroupCommit(self._transaction)

    def engine_options(self) -> dict[str, Any]:
        """Return the options of SQLAlchemy's engine."""
        return {
            "module": sqlite3,
            "creator": self._connections.open,
            "pool_size": CONNECTIONS,
            "pool_use_lifo": True,  # the same few connections are reused, with warm caches
            "max_overflow": CONNECTIONS,
            "pool_timeout": self.busy_timeout_ms / 1000,
            "hide_parameters": True,  # the log must not contain user data
        }

    def listen(self, engine: Engine) -> None:
        """Watch the connections of an engine, and keep some of them."""
        self._engine = engine
        self._connections.listen(engine)
        self._writers = Kept(engine, engine.connect)
        self._readers = Kept(engine, engine.raw_connection)

    def is_sound(self) -> bool:
        """Return whether no worker of this server has found damage."""
        return self._connections.is_sound()

    def why_read_only(self) -> str:
        """Return one line that says what keeps SQLite from writing, or nothing."""
        return self._identity.why_read_only()

    @contextmanager
    def writing(self, session: AnySession, *, alone: bool) -> Iterator[Connection]:
        """Run the block in a transaction that holds the write lock from its start.

        Raises Unavailable if that takes too long.
        """
        with self.groups.joined(self.busy_timeout_ms / 1000, alone=alone) as group:
            connection, is_shared = group.connection, group.is_shared
            try:
                if is_shared:
                    execute(connection, "SAVEPOINT writer")
                yield connection
                if own := made(session):
                    own.commit()
                if is_shared:
                    execute(connection, "RELEASE writer")
            except BaseException as error:
                group.error = Unavailable("a failed write could not be undone")  # until it is
                in_transaction = driver_connection(connection).in_transaction
                if not in_transaction:  # SQLite has ended the transaction: the disk is full
                    connection.invalidate()
                if own := made(session):
                    own.rollback()
                if is_shared and in_transaction:
                    connection.exec_driver_sql("ROLLBACK TO writer")
                    connection.exec_driver_sql("RELEASE writer")
                    group.error = None
                else:
                    group.error = error
                raise

    @contextmanager
    def _transaction(self, end: float) -> Iterator[Connection]:
        # Take the connection first: waiting for one must not block the writers of other processes.
        with self._writers.lend() as connection, self.write_lock.held(end):
            connection.begin()
            # SQLite's own wait would stop the event loop.
            execute(connection, "PRAGMA busy_timeout = 0")
            try:
                self._identity.check()
                try_until(end, lambda: has_begun(connection), f"the lock of {self.path}")
            finally:
                execute(connection, f"PRAGMA busy_timeout = {self.busy_timeout_ms}")
            try:
                yield connection
                self._identity.check()
                if connection.info.pop("took_long", False):  # then so does its commit
                    self.offload.call(connection.exec_driver_sql, "COMMIT")
                connection.commit()
            finally:
                connection.rollback()  # while the write lock is still held

    def reader(self) -> AbstractContextManager[Any]:
        """Lend a connection for a single read."""
        self._identity.check()
        return self._readers.lend()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run the block in a read transaction."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    def take_turns(self, connection: Connection, name: str) -> None:
        """Do nothing: there is only one writer."""

    def limit_wait(self, connection: Connection) -> None:
        """Do nothing: a writer never waits for rows."""

    def importing(self, connection: Connection, table: FromClause) -> AbstractContextManager[None]:
        """Run the block: AUTOINCREMENT continues from the highest id."""
        return nullcontext()

    def examine(self) -> None:
        """Raise Unusable if the file is not a complete database."""
        if self.path.exists():
            self._identity.part()
            file.examine(self.path)

    def is_made(self) -> bool:
        """Return whether the file exists, in WAL mode or read-only."""
        return self.path.exists() and (
            file.is_in_wal_mode(self.path) or not os.access(self.path, os.W_OK)
        )

    @contextmanager
    def making(self) -> Iterator[None]:
        """Create the file and its default folder if they are missing; keep all writers out.

        Raises Unusable if the file is read-only, or another folder is missing.
        """
        if self.path.exists() and not os.access(self.path, os.W_OK):
            raise Unusable(
                "Its schema is old, but the file is read-only. Make it writable for one start."
            )
        file.make_folder(self.path)
        with self.write_lock.closed():
            if not self.path.exists():
                file.make(self.path)
            yield
            if not file.is_in_wal_mode(self.path):
                file.set_wal_mode(self.path)

    def leave(self) -> None:
        """Move the WAL into the file, or rename the WAL if the file was replaced."""
        if self._identity.is_same():
            with suppress(Unavailable, sqlite3.Error):
                self._connections.open().close()
        else:
            self._identity.part()

    def begin_migration(self, connection: Connection) -> None:
        """Begin the transaction of a migration."""
        # Rebuilding a table drops it, which would delete the rows that refer to it.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
