"""Connections to a SQLite file: how each is set up, and whether the file is still the same."""

import logging
from collections.abc import Hashable
from contextlib import suppress
from mmap import mmap
from typing import Any

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from flask_things.db.backend import Away, Changes
from flask_things.db.sqlite import file
from flask_things.db.sqlite.data_version import Watch
from flask_things.db.sqlite.file import DAMAGED, error_name, sqlite3
from flask_things.db.sqlite.file_identity import Identity

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
    # What is deleted is overwritten with zeros, so that no free page has an erased text. This makes
    # the WAL 1 % larger (23 % with texts of 20 KB), and no write slower that was measured.
    "secure_delete = ON",
    # What a long export has let the WAL grow to is given back, but for these bytes.
    "journal_size_limit = 67108864",
    # In KiB, for each of a worker's connections. Half of the default reads random rows as fast: the
    # system caches the file, too.
    "cache_size = -1000",
    # With mmap, a truncated file or a bad disk would end the process instead of raising an error.
    "mmap_size = 0",
)


class Connections:
    """What opens connections to a database file, and watches what happens to them."""

    def __init__(self, identity: Identity, *, busy_timeout_ms: int, synchronous: str) -> None:
        """Take the file and the settings."""
        self._identity = identity
        self._pragmas = [
            pragma.format(synchronous=synchronous, busy_timeout_ms=busy_timeout_ms)
            for pragma in PRAGMAS
        ]
        self._watch = Watch(self._open_to_watch)
        self._damaged = mmap(-1, 1)  # which processes that are forked from this one share

    def open(self) -> Any:
        """Return a new connection to the file, which is not made if it is not there.

        Raises Away if it is another than the first time.
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
        """Look at the file before a connection is used, at every error, and at old connections."""
        event.listen(engine, "handle_error", self._note_damage)
        event.listen(engine, "connect", self._note_writing)
        event.listen(engine, "checkout", self._check)
        event.listen(engine, "engine_disposed", lambda _engine: self._watch.close())

    def version(self) -> Hashable:
        """Return what is another after every commit, or None where that cannot be seen now."""
        try:
            self._identity.check()
            return self._watch.version()
        except (Away, sqlite3.Error):
            return None

    def changes(self, since: int) -> Changes | None:
        """Return what was committed after a position in the journal, or None as `version`."""
        with suppress(Away, sqlite3.Error):
            return self._watch.changes(since)
        return None

    def is_sound(self) -> bool:
        """Tell whether no worker of this server has met damage."""
        return self._damaged[0] == 0

    def _note_damage(self, context: ExceptionContext) -> None:
        if error_name(context.original_exception).startswith(DAMAGED):
            self._damaged[0] = 1

    def _note_writing(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["writes"] = self._identity.is_writable()

    def _check(self, _connection: Any, record: ConnectionPoolEntry, _user: Any) -> None:
        """Let a connection go that was opened when nothing could be written, and now can be.

        It would not look for what others write. Raises Away for another file than the first.
        """
        self._identity.check()
        if not record.info["writes"] and self._identity.is_writable():
            raise DisconnectionError

    def _open_to_watch(self) -> Any:
        if not self._identity.is_writable():
            raise Away("What others write cannot be seen where nothing can be written.")
        connection = self.open()
        connection.execute("PRAGMA busy_timeout = 0")
        return connection


def log_sqlite_version(logger: logging.Logger) -> None:
    """Say which SQLite runs, and warn of one that can corrupt the database."""
    logger.info("SQLite %s (%s)", sqlite3.sqlite_version, sqlite3.__name__.split(".")[0])
    if sqlite3.sqlite_version_info < SOUND_SQLITE:
        logger.warning(
            "SQLite %s has the WAL-reset bug, which can corrupt a database that several processes "
            "write: use 3.51.3 or later",
            sqlite3.sqlite_version,
        )
