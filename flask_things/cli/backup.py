"""Backups of a SQLite database, made while the server runs, and verified."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from flask_things.db.backend import Refused
from flask_things.db.sqlite.file import sqlite3, uri
from flask_things.db.sqlite.files import COMPANIONS, JOURNALS, beside, replacing
from flask_things.migrations import is_known

#: How long to wait for another connection's lock, in seconds.
LOCK_TIMEOUT_S = 10

#: The number of steps of a copy. Each moves the progress bar.
STEPS = 200

#: Called with the number of copied pages and the number of all pages.
Progress = Callable[[int, int], None]


def back_up(database: Path, file: Path, progress: Progress) -> None:
    """Copy a snapshot of the database into one file while others write.

    The file appears, or is replaced, after its copy is verified. Raises Refused, OSError and
    sqlite3.Error, and then leaves the file unchanged.
    """
    if not database.exists():
        raise Refused(f"{database}: No such database.")
    _refuse_target(database, file)
    with replacing(file) as copy:
        with closing(connect(database)) as source, closing(connect(copy)) as target:
            # Inside a transaction, which starts at the first read, other writes do not restart the
            # copy.
            source.execute("BEGIN")
            copy_pages(source, target, progress)
        with closing(connect(copy)) as backup:
            # A file in WAL mode cannot be opened on a read-only medium.
            backup.execute("PRAGMA journal_mode = DELETE")
            verify(backup, database)


def connect(file: Path, mode: str = "rw") -> Any:
    """Return a connection to an existing database file. The caller handles transactions.

    Raises Refused if it cannot be opened.
    """
    name = uri(file.absolute(), mode)
    try:
        return sqlite3.connect(name, uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise Refused(f"{file}: {error}.") from error


def copy_pages(source: Any, target: Any, progress: Progress) -> None:
    """Copy a database into another one, in one transaction there.

    Raises Refused if the other one stays locked. `progress` is first called after this copy has
    locked it, and before the last page is copied.
    """

    def step(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):  # the driver would wait forever
            raise Refused("The database is locked by another writer. Try again.")
        progress(total - remaining, total)

    [pages] = source.execute("PRAGMA page_count").fetchone()
    source.backup(target, pages=max(pages // STEPS, 1), progress=step)


def verify(connection: Any, file: Path) -> None:
    """Check every page of a database.

    Raises Refused if it is damaged, or has another application's schema or a newer one.
    """
    [found] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise Refused(f"{file}: The database is damaged: {' '.join(found.split())}")
    tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
    if not tables.fetchone():
        raise Refused(
            f"{file}: It does not have the schema of flask-things. To convert the tutorial app's "
            "database, start the server with it."
        )
    [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or [None]
    if not is_known(revision):
        raise Refused(f"{file}: Unknown schema {revision}. Is it from a newer version?")


def refuse_itself(database: Path, file: Path) -> None:
    """Raise Refused if a file is part of the database, under any name."""
    parts = (beside(database, ending) for ending in ("", *COMPANIONS))
    if file.exists() and any(part.exists() and file.samefile(part) for part in parts):
        raise Refused(f"{file}: This file is part of the database itself.")


def _refuse_target(database: Path, file: Path) -> None:
    if file.is_dir():
        raise Refused(f"{file}: A directory. Name a file in it, or add --keep N.")
    refuse_itself(database, file)
    for journal in (beside(file.resolve(), ending) for ending in JOURNALS):
        if journal.exists():
            raise Refused(f"{journal}: SQLite would apply this file to the backup. Move it away.")
