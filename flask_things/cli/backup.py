"""Backups of a SQLite database: taken while others write, and verified."""

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

#: In how many steps a database is copied, each of which moves the progress bar.
STEPS = 200

#: Gets the number of pages that are copied, and of all.
Progress = Callable[[int, int], None]


def back_up(database: Path, file: Path, progress: Progress) -> None:
    """Copy the database, as it is at one moment, into one file, while others write.

    The file appears, or replaces one of that name, once its copy is verified. Raises Refused,
    OSError and sqlite3.Error; then the file is as it was.
    """
    if not database.exists():
        raise Refused(f"{database}: There is no database.")
    _refuse_target(database, file)
    with replacing(file) as copy:
        with closing(connect(database)) as source, closing(connect(copy)) as target:
            # Within a transaction, which starts at the first read, the copy need not begin anew
            # whenever somebody else writes.
            source.execute("BEGIN")
            copy_pages(source, target, progress)
        with closing(connect(copy)) as backup:
            # A file in WAL mode could not be opened on a medium that is read-only.
            backup.execute("PRAGMA journal_mode = DELETE")
            verify(backup, database)


def connect(file: Path, mode: str = "rw") -> Any:
    """Return a connection to a database file that is there; transactions are the caller's.

    Raises Refused where it cannot be opened.
    """
    name = uri(file.absolute(), mode)
    try:
        return sqlite3.connect(name, uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise Refused(f"{file}: {error}.") from error


def copy_pages(source: Any, target: Any, progress: Progress) -> None:
    """Copy a database into another one, as one transaction there.

    Raises Refused where the other one stays locked. `progress` is first called when it is locked
    for others by this copy, and before the last page is copied.
    """

    def step(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):  # the driver would wait for ever
            raise Refused("The database is locked by somebody who writes: try again.")
        progress(total - remaining, total)

    [pages] = source.execute("PRAGMA page_count").fetchone()
    source.backup(target, pages=max(pages // STEPS, 1), progress=step)


def verify(connection: Any, file: Path) -> None:
    """Look at every page of a database.

    Raises Refused for one that is damaged, or whose schema is not ours or newer than this code.
    """
    [found] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise Refused(f"{file}: The database is damaged: {' '.join(found.split())}")
    tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
    if not tables.fetchone():
        raise Refused(
            f"{file}: It has no schema of flask-things. The tutorial app's database is taken over "
            "when the server starts with it."
        )
    [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or [None]
    if not is_known(revision):
        raise Refused(f"{file}: The schema {revision} is unknown. Is it of a newer flask-things?")


def refuse_itself(database: Path, file: Path) -> None:
    """Raise Refused if a file is a part of the database, under whatever name."""
    parts = (beside(database, ending) for ending in ("", *COMPANIONS))
    if file.exists() and any(part.exists() and file.samefile(part) for part in parts):
        raise Refused(f"{file}: This is the database itself.")


def _refuse_target(database: Path, file: Path) -> None:
    refuse_itself(database, file)
    for journal in (beside(file.resolve(), ending) for ending in JOURNALS):
        if journal.exists():
            raise Refused(f"{journal}: SQLite would apply this to the backup: move it away.")
