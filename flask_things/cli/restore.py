"""Backups put back: into the database that is there, or in the place of a file that is none."""

from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

from flask_things.cli.backup import Progress, connect, copy_pages, refuse_itself, verify
from flask_things.db.backend import Refused
from flask_things.db.journal import RESTART
from flask_things.db.sqlite.file import DAMAGED, error_name, make_folder, sqlite3
from flask_things.db.sqlite.files import JOURNALS, beside, put, temporary
from flask_things.db.sqlite.write_lock import Gate


def restore(file: Path, database: Path, *, force: bool, progress: Progress) -> Path | None:
    """Make the database what a backup is, except that ids given since are not given again.

    Without `force` there must be no database. With it, a running server goes on with what was
    restored. A file that is damaged or not ours is kept under another name, which is returned; the
    server has to be restarted then. Raises Refused, OSError and sqlite3.Error: after that, and
    after a kill, the database is as it was, or restored.
    """
    if not file.is_file():
        raise Refused(f"{file}: There is no such file.")
    refuse_itself(database, file)
    _refuse_existing(database, force)
    make_folder(database)
    with temporary(database) as copy:
        _take(file, copy, lambda done, total: progress(done, 2 * total))
        is_ours = _is_ours(database)
        # With SQLite's own lock alone, writers that never pause might leave no gap.
        with Gate(beside(database, "-gate")).closed():
            _refuse_existing(database, force)  # a server may have made one since
            if is_ours:
                _copy_into(database, copy, lambda done, total: progress(total + done, 2 * total))
                return None
            kept = _set_aside(database, copy)
            put(copy, database)
            return kept


def _refuse_existing(database: Path, force: bool) -> None:
    if database.exists() and not force:
        raise Refused(f"{database} exists. --force replaces all that it holds, tokens included.")


def _take(file: Path, copy: Path, progress: Progress) -> None:
    """Copy the backup, and verify the copy."""
    # Where no journal is beside it, none is made, and its folder may be read-only.
    journals = any(beside(file, ending).exists() for ending in JOURNALS)
    mode = "ro" if journals else "ro&immutable=1"
    with closing(connect(file, mode)) as source, closing(connect(copy)) as target:
        try:
            copy_pages(source, target, progress)
        except sqlite3.DatabaseError as error:
            raise Refused(f"{file}: {error}.") from error
        verify(target, file)
        target.execute("PRAGMA journal_mode = WAL")


def _is_ours(database: Path) -> bool:
    """Tell whether there is a sound database with a schema that is known."""
    if not database.exists():
        return False
    with closing(connect(database, "ro")) as connection:
        try:
            verify(connection, database)
        except Refused:
            return False
        except sqlite3.DatabaseError as error:
            if error_name(error).startswith(DAMAGED):
                return False
            raise
    return True


def _copy_into(database: Path, copy: Path, progress: Progress) -> None:
    """Copy the backup into the database, as one transaction; reads go on until its end."""
    with closing(connect(copy)) as backup, closing(connect(database)) as target:
        _set_page_size(backup, *target.execute("PRAGMA page_size").fetchone())
        target.execute("PRAGMA journal_mode = WAL")
        is_first = True

        def step(done: int, total: int) -> None:
            nonlocal is_first
            if is_first:  # SQLite has its lock now: nobody can give an id any more
                _keep_ids(backup, database)
                _restart_journal(backup)
            is_first = False
            progress(done, total)

        copy_pages(backup, target, step)
        target.execute("PRAGMA busy_timeout = 0")  # a reader may take minutes, as an export does
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _set_page_size(backup: Any, size: int) -> None:
    """Give the backup the page size of the database, which in WAL mode cannot be changed."""
    if backup.execute("PRAGMA page_size").fetchone() != (size,):
        backup.execute("PRAGMA journal_mode = DELETE")
        backup.execute(f"PRAGMA page_size = {size}")
        backup.execute("VACUUM")
        backup.execute("PRAGMA journal_mode = WAL")


def _keep_ids(backup: Any, database: Path) -> None:
    """Let every table with AUTOINCREMENT go on above the ids that it has given in the database."""
    query = "SELECT seq, name FROM sqlite_sequence"
    with closing(connect(database, "ro")) as old:
        rows = sorted(old.execute(query).fetchall() + backup.execute(query).fetchall())
    highest = {name: seq for seq, name in rows}  # the last one of a name is left
    backup.execute("BEGIN IMMEDIATE")
    backup.execute("DELETE FROM sqlite_sequence")
    backup.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", highest.items())
    backup.execute("COMMIT")


def _restart_journal(backup: Any) -> None:
    """Let nobody go on with the changes from where another history has ended."""
    if backup.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
        backup.execute(RESTART)


def _set_aside(database: Path, copy: Path) -> Path | None:
    """Give what is there another name, too, and its journals that one only; return the name."""
    with closing(connect(copy)) as backup:
        with suppress(sqlite3.DatabaseError, Refused):
            _keep_ids(backup, database)  # if it is there, and can still be read
        _restart_journal(backup)
    names = (beside(database, f".old{number or ''}") for number in count())
    kept = next(name for name in names if not name.exists())
    is_there = database.exists()
    if is_there:
        kept.hardlink_to(database)  # first: where this fails, nothing has changed
    for ending in JOURNALS:
        if beside(database, ending).exists():
            beside(database, ending).rename(beside(kept, ending))
    beside(database, "-shm").unlink(missing_ok=True)
    return kept if is_there else None
