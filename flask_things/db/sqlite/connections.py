"""Opens connections to a SQLite file, and notices damage and replaced files."""

import logging
from collections.abc import Hashable
from contextlib import suppress
from mmap import mmap
from typing import Any

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from flask_things.db.backend import Changes, Unavailable
from flask_things.db.sqlite import file
from flask_things.db.sqlite.data_version import Watch
from flask_things.db.sqlite.file import DAMAGED, error_name, sqlite3
from flask_things.db.sqlite.file_identity import Identity

#: Earlier versions can corrupt a database in WAL mode if two connections write and checkpoint at
#: the same moment (https://www.sqlite.org/wal.html#walresetbug).
SOUND_SQLITE = (3, 51, 3)

#: The settings of every connection (https://www.sqlite.org/pragma.html). The file itself remembers
#: `journal_mode = WAL`: see file.py.
PRAGMAS = (
    # With FULL, acknowledged writes survive a power cut. NORMAL can lose the last ones; the file
    # stays intact.
    "synchronous = {synchronous}",
    # How long SQLite itself waits for a lock. Writers mostly wait for the write lock instead.
    "busy_timeout = {busy_timeout_ms}",
    # By default SQLite does not check foreign keys.
    "foreign_keys = ON",
    # Views and triggers of an untrusted file must not call dangerous functions. Old versions, such
    # as 3.40, count the search index as one.
    f"trusted_schema = {'OFF' if sqlite3.sqlite_version_info >= SOUND_SQLITE else 'ON'}",
    # Notices damage when a page is read, before it spreads.
    "cell_size_check = ON",
    # Overwrites deleted data with zeros, so that no free page contains an erased text. This makes
    # the WAL 1 % larger (23 % with texts of 20 KB), and writes no slower (measured once).
    "secure_delete = ON",
    # Shrinks a WAL that grew during a long export to this size, in bytes.
    "journal_size_limit = 67108864",
    # In KiB for each connection. Half of the default reads random rows as fast, because the system
    # caches the file, too.
    "cache_size = -1000",
    # With mmap, a truncated file or a bad disk would end the process instead of raising an error.
    "mmap_size = 0",
)


class Connections:
    """Opens connections to a database file, and watches them."""

    def __init__(self, identity: Identity, *, busy_timeout_ms: int, synchronous: str) -> None:
        self._identity = identity
        self._pragmas = [
            pragma.format(synchronous=synchronous, busy_timeout_ms=busy_timeout_ms)
            for pragma in PRAGMAS
        ]
        self._watch = Watch(self._open_to_watch)
        self._damaged = mmap(-1, 1)  # shared with forked processes

    def open(self) -> Any:
        """Return a new connection to the existing file.

        Raises Unavailable if the file was deleted or replaced since it was first opened.
        """
        self._identity.check()
        uri = file.uri(self._identity.path, "rw")
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

    def listen(self, engine: Engine) -> None:
        """Check the file before a connection is used, and note damage at every error."""
        event.listen(engine, "handle_error", self._note_damage)
        event.listen(engine, "connect", self._note_writing)
        event.listen(engine, "checkout", self._check)
        event.listen(engine, "engine_disposed", lambda _engine: self._watch.close())

    def version(self) -> Hashable:
        """Return a number that changes with every commit, or None if it cannot be read now."""
        try:
            self._identity.check()
            return self._watch.version()
        except (Unavailable, sqlite3.Error):
            return None

    def changes(self, since: int) -> Changes | None:
        """Return the changes after a position in the journal, or None if they are not known."""
        with suppress(Unavailable, sqlite3.Error):
            return self._watch.changes(since)
        return None

    def is_sound(self) -> bool:
        """Return whether no worker of this server has found damage."""
        return self._damaged[0] == 0

    def _note_damage(self, context: ExceptionContext) -> None:
        if error_name(context.original_exception).startswith(DAMAGED):
            self._damaged[0] = 1

    def _note_writing(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["writes"] = self._identity.is_writable()

    def _check(self, _connection: Any, record: ConnectionPoolEntry, _user: Any) -> None:
        """Discard a read-only connection after the file has become writable.

        It would not see later commits. Raises Unavailable if the file was replaced.
        """
        self._identity.check()
        if not record.info["writes"] and self._identity.is_writable():
            raise DisconnectionError

    def _open_to_watch(self) -> Any:
        if not self._identity.is_writable():
            raise Unavailable("Commits cannot be watched, because the database is not writable.")
        connection = self.open()
        connection.execute("PRAGMA busy_timeout = 0")
        return connection


def log_sqlite_version(logger: logging.Logger) -> None:
    """Log the SQLite version, with a warning if it can corrupt the database."""
    logger.info("SQLite %s (%s)", sqlite3.sqlite_version, sqlite3.__name__.split(".")[0])
    if sqlite3.sqlite_version_info < SOUND_SQLITE:
        logger.warning(
            "SQLite %s has the WAL-reset bug, which can corrupt a database that several processes "
            "write: use 3.51.3 or later",
            sqlite3.sqlite_version,
        )
