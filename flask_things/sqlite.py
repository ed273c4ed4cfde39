"""SQLite: how a connection is tuned, how transactions begin, and if the file is still the one."""

import logging
import os
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from mmap import mmap
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, FromClause, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from flask_things import sqlite_file
from flask_things.backend import AnySession, Away, Offload, Unusable
from flask_things.files import beside
from flask_things.gate import Gate, try_until
from flask_things.groups import GroupCommit
from flask_things.identity import Identity
from flask_things.limits import CONNECTIONS
from flask_things.sqlite_file import DAMAGED, error_name, sqlite3
from flask_things.watch import Watch

#: Earlier ones can corrupt a database in WAL mode when two connections write and checkpoint at the
#: same moment (https://www.sqlite.org/wal.html#walresetbug).
SOUND_SQLITE = (3, 51, 3)

#: How every connection is set up (https://www.sqlite.org/pragma.html). `journal_mode = WAL`, in
#: which reads and writes do not wait for each other, stays with the file: see sqlite_file.py.
PRAGMAS = (
    # FULL: what was acknowledged is on the disk when the power goes. NORMAL can lose the last
    # writes then, and only then; the file stays sound.
    "synchronous = {synchronous}",
    # How long SQLite itself waits for a lock; the gate has most of the waiting.
    "busy_timeout = {busy_timeout_ms}",
    # For a resource that refers to another: SQLite would not check.
    "foreign_keys = ON",
    # A file from elsewhere may hold views and triggers: they get no function that does harm. Old
    # versions (3.40 does) take the search index for such.
    f"trusted_schema = {'OFF' if sqlite3.sqlite_version_info >= SOUND_SQLITE else 'ON'}",
    # Damage is noticed when a page is read, before it spreads.
    "cell_size_check = ON",
    # What a long export has let the WAL grow to is given back, but for these bytes.
    "journal_size_limit = 67108864",
    # KiB for each connection, of which a worker has several; the rest is the system's.
    "cache_size = -2000",
    # A file that is cut off or on a bad disk shall be an error, not the end of the process.
    "mmap_size = 0",
)


class SQLite:
    """A database file, as the workers of a server share it."""

    def __init__(self, path: Path, *, busy_timeout_ms: int, synchronous: str) -> None:
        """Take the file's absolute path and the settings."""
        self.offload = Offload(busy_timeout_ms / 1000)
        self._identity = Identity(path)
        self.path = self._identity.path
        self.busy_timeout_ms = busy_timeout_ms
        self.gate = Gate(beside(self.path, "-gate"))
        self.groups = GroupCommit(self._transaction)
        self._pragmas = [
            pragma.format(synchronous=synchronous, busy_timeout_ms=busy_timeout_ms)
            for pragma in PRAGMAS
        ]
        self._watch = Watch(self._connect_to_watch)
        self._damaged = mmap(-1, 1)  # which processes that are forked from this one share

    def engine_options(self) -> dict[str, Any]:
        """Return what SQLAlchemy's engine is to be made with."""
        return {
            "module": sqlite3,
            "creator": self.connect,
            "pool_size": CONNECTIONS,
            "pool_use_lifo": True,  # few are used, and these have in their caches what is asked for
            "max_overflow": CONNECTIONS,
            "pool_timeout": self.busy_timeout_ms / 1000,
            "hide_parameters": True,  # the log is not for what users write
        }

    def listen(self, engine: Engine) -> None:
        """Look at the file when a transaction begins, at every error, and at old connections."""
        self._engine = engine
        event.listen(engine, "begin", lambda _connection: self._identity.check())
        event.listen(engine, "handle_error", self._note_damage)
        event.listen(engine, "connect", self._note_writing)
        event.listen(engine, "checkout", self._renew)
        event.listen(engine, "engine_disposed", lambda _engine: self._watch.close())

    def connect(self) -> Any:
        """Return a new connection to the file, which is not made if it is not there.

        Raises Away if it is another than the first time.
        """
        self._identity.check()
        uri = sqlite_file.uri(self.path, "rw")
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        try:
            for pragma in self._pragmas:
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("SELECT 1 FROM sqlite_master")  # opens the WAL
            self._identity.check()
        except BaseException:
            connection.close()
            raise
        self._identity.note()
        return connection

    @contextmanager
    def writing(self, session: Session, *, alone: bool) -> Iterator[Connection]:
        """Run the block in a transaction that has the write lock from its beginning.

        Raises Away if that takes too long.
        """
        with self.groups.joined(self.busy_timeout_ms / 1000, alone=alone) as group:
            connection, is_shared = group.connection, group.is_shared
            # How the session takes part if it is used at all, beside the connection.
            session.join_transaction_mode = "create_savepoint" if is_shared else "rollback_only"
            try:
                if is_shared:
                    connection.exec_driver_sql("SAVEPOINT writer")
                yield connection
                session.commit()
                if is_shared:
                    connection.exec_driver_sql("RELEASE writer")
            except BaseException as error:
                group.error = Away("a write that failed could not be undone")  # until it is
                in_transaction = _driver_connection(connection).in_transaction
                if not in_transaction:  # SQLite has ended it: the disk is full
                    connection.invalidate()
                session.rollback()
                if is_shared and in_transaction:
                    connection.exec_driver_sql("ROLLBACK TO writer")
                    connection.exec_driver_sql("RELEASE writer")
                    group.error = None
                else:
                    group.error = error
                raise

    @contextmanager
    def _transaction(self, end: float) -> Iterator[Connection]:
        # The connection comes first: a wait for one must not stop the writers of other processes.
        with self._engine.connect() as connection, self.gate.held(end):
            # SQLite would wait in its own sleep, which stops the event loop.
            driver_connection = _driver_connection(connection)
            driver_connection.execute("PRAGMA busy_timeout = 0")
            try:
                try_until(end, lambda: _has_begun(connection), f"the lock of {self.path}")
            finally:
                driver_connection.execute(f"PRAGMA busy_timeout = {self.busy_timeout_ms}")
            try:
                yield connection
                self._identity.check()
                if connection.info.pop("took_long", False):  # then its commit does, too
                    self.offload.call(connection.exec_driver_sql, "COMMIT")
                connection.commit()
            finally:
                connection.rollback()  # while the gate is still held

    @contextmanager
    def reading(self, session: AnySession) -> Iterator[Connection]:
        """Run the block in a transaction that sees one moment."""
        with session.begin():
            connection = session.connection()
            connection.exec_driver_sql("BEGIN")
            yield connection

    def take_turns(self, session: AnySession, name: str) -> None:
        """Do nothing: who writes is alone anyway."""

    def limit_wait(self, session: AnySession) -> None:
        """Do nothing: all of the waiting has been done."""

    def importing(self, session: AnySession, table: FromClause) -> AbstractContextManager[None]:
        """Run the block: AUTOINCREMENT goes on from the highest id by itself."""
        return nullcontext()

    def version(self) -> Hashable:
        """Return what is another after every commit, or None where that cannot be seen now."""
        try:
            self._identity.check()
            return self._watch.version()
        except (Away, sqlite3.Error):
            return None

    def is_sound(self) -> bool:
        """Tell whether no worker of this server has met damage."""
        return self._damaged[0] == 0

    def examine(self) -> None:
        """Raise Unusable if there is a file that is no whole database."""
        if self.path.exists():
            self._identity.part()
            sqlite_file.examine(self.path)

    def is_made(self) -> bool:
        """Tell whether the file is there, and in WAL mode, or not to be changed."""
        return self.path.exists() and (
            sqlite_file.is_in_wal_mode(self.path) or not os.access(self.path, os.W_OK)
        )

    @contextmanager
    def making(self) -> Iterator[None]:
        """Make the folder and the file where they are missing, and keep all writers out.

        Raises Unusable if the file cannot be written.
        """
        if self.path.exists() and not os.access(self.path, os.W_OK):
            raise Unusable("It is not up to date, and read-only: let it be written once.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.gate.closed():
            if not self.path.exists():
                sqlite_file.make(self.path)
            yield
            if not sqlite_file.is_in_wal_mode(self.path):
                sqlite_file.set_wal_mode(self.path)

    def leave(self) -> None:
        """Move what waits in the WAL to the file, or out of the way of one that has replaced it."""
        if self._identity.is_same():
            with suppress(Away, sqlite3.Error):
                self.connect().close()
        else:
            self._identity.part()

    def begin_migration(self, connection: Connection) -> None:
        """Begin the transaction that changes the schema."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _note_damage(self, context: ExceptionContext) -> None:
        if error_name(context.original_exception).startswith(DAMAGED):
            self._damaged[0] = 1

    def _note_writing(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["writes"] = self._identity.is_writable()

    def _renew(self, _connection: Any, record: ConnectionPoolEntry, _user: Any) -> None:
        """Let a connection go that was opened when nothing could be written, and now can be.

        It would not look for what others write.
        """
        if not record.info["writes"] and self._identity.is_writable():
            raise DisconnectionError

    def _connect_to_watch(self) -> Any:
        if not self._identity.is_writable():
            raise Away("What others write cannot be seen where nothing can be written.")
        connection = self.connect()
        connection.execute("PRAGMA busy_timeout = 0")
        return connection


def _driver_connection(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _has_begun(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        if error_name(error.orig).startswith("SQLITE_BUSY"):
            return False
        raise
    return True


def log_sqlite_version(logger: logging.Logger) -> None:
    """Say which SQLite runs, and warn of one that can corrupt the database."""
    logger.info("SQLite %s (%s)", sqlite3.sqlite_version, sqlite3.__name__.split(".")[0])
    if sqlite3.sqlite_version_info < SOUND_SQLITE:
        logger.warning(
            "SQLite %s has the WAL-reset bug, which can corrupt a database that several processes "
            "write: use 3.51.3 or later",
            sqlite3.sqlite_version,
        )
