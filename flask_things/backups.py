"""Backups of a SQLite database: taken while others write, and verified."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from flask_things.backend import Refused
from flask_things.files import COMPANIONS, JOURNALS, beside, replacing
from flask_things.sqlite_file import sqlite3, uri

#: How long a lock of somebody else's is waited for, in seconds.
LOCK_TIMEOUT_S = 10

#: In how many steps a database is copied, each of which moves the progress bar.
STEPS = 200

#: Is told how many pages are copied, of how many.
Progress = Callable[[int, int], None]


class Damaged(Refused):
    """A database has pages that cannot be right."""


def back_up(database: Path, file: Path, progress: Progress) -> int:
    """Copy the database, as it is at one moment, into one file; return how many things it holds.

    Others may write meanwhile. The file is there when its copy is verified, and replaces one of
    that name. Raises Refused, OSError and sqlite3.Error; then the file is as it was.
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
            return count_things(backup)


def connect(file: Path, mode: str = "rw") -> Any:
    """Return a connection to a database file that is there; transactions are the caller's."""
    name = uri(file.absolute(), mode)
    return sqlite3.connect(name, uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None)


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


def verify(connection: Any, file: Path) -> str:
    """Return the revision of a database's schema, after a look at every page.

    Raises Refused for a database that is damaged or not ours.
    """
    [found] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise Damaged(f"{file}: The database is damaged: {' '.join(found.split())}")
    return revision(connection, file)


def revision(connection: Any, file: Path) -> str:
    """Return the revision of a database's schema.

    Raises Refused for a database that is not ours.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if {"thing", "alembic_version"} <= tables:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row:
            return str(row[0])
    if "thing" in tables:
        raise Refused(
            f"{file}: A database without our schema, like the tutorial app's. The server takes "
            "that over at its start, where THINGS_DATABASE_URL names it."
        )
    raise Refused(f"{file}: Not a database of things.")


def count_things(connection: Any) -> int:
    """Return how many things a database holds."""
    return int(connection.execute("SELECT count(*) FROM thing").fetchone()[0])


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
