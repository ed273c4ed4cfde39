"""Restores a backup into a database, or replaces a file that is not a usable database."""

from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

from flask_things.cli.backup import Progress, connect, copy_pages, refuse_itself, verify
from flask_things.db.backend import Refused
from flask_things.db.journal import RESTART
from flask_things.db.sqlite.file import DAMAGED, error_name, make_folder, sqlite3
from flask_things.db.sqlite.files import JOURNALS, beside, replace_atomically, temporary
from flask_things.db.sqlite.write_lock import WriteLock


def restore(file: Path, database: Path, *, force: bool, progress: Progress) -> Path | None:
    """Make the database a copy of a backup, but never reuse ids that were assigned since.

    Without `force`, no database may exist. With it, a running server continues with the restored
    data. A damaged or foreign file is kept under another name, which is returned; then the server
    must be restarted. Raises Refused, OSError and sqlite3.Error. After an error or a kill, the
    database is either unchanged or restored.
    """
    if not file.is_file():
        raise Refused(f"{file}: No such file.")
    refuse_itself(database, file)
    _refuse_existing(database, force)
    make_folder(database)
    with temporary(database) as copy:
        _copy_from(file, copy, lambda done, total: progress(done, 2 * total))
        is_ours = _is_ours(database)
        # SQLite's own lock is not fair: constant writers might never leave a gap.
        with WriteLock(beside(database, "-gate")).closed():
            _refuse_existing(database, force)  # a server may have created one since
            if is_ours:
                _copy_into(database, copy, lambda done, total: progress(total + done, 2 * total))
                return None
            kept = _keep_old_file(database, copy)
            replace_atomically(copy, database)
            return kept


def _refuse_existing(database: Path, force: bool) -> None:
    if database.exists() and not force:
        raise Refused(f"{database} exists. Use --force to replace all its data, including tokens.")


def _copy_from(file: Path, copy: Path, progress: Progress) -> None:
    """Copy the backup, and verify the copy."""
    # Without a journal beside it, the file can be immutable. SQLite then creates no journal, and
    # its folder may be read-only.
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
    """Return whether a sound database with a known schema exists."""
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
    """Copy the backup into the database in one transaction. Reads continue until its end."""
    with closing(connect(copy)) as backup, closing(connect(database)) as target:
        _set_page_size(backup, *target.execute("PRAGMA page_size").fetchone())
        target.execute("PRAGMA journal_mode = WAL")
        is_first = True

        def step(done: int, total: int) -> None:
            nonlocal is_first
            if is_first:  # SQLite has the lock now, so no more ids can be assigned
                _keep_ids(backup, database)
                _restart_journal(backup)
            is_first = False
            progress(done, total)

        copy_pages(backup, target, step)
        target.execute("PRAGMA busy_timeout = 0")  # a reader such as an export may take minutes
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _set_page_size(backup: Any, size: int) -> None:
    """Give the backup the page size of the database, which cannot change in WAL mode."""
    if backup.execute("PRAGMA page_size").fetchone() != (size,):
        backup.execute("PRAGMA journal_mode = DELETE")
        backup.execute(f"PRAGMA page_size = {size}")
        backup.execute("VACUUM")
        backup.execute("PRAGMA journal_mode = WAL")


def _keep_ids(backup: Any, database: Path) -> None:
    """Make tables with AUTOINCREMENT continue above all ids that the database has assigned."""
    query = "SELECT seq, name FROM sqlite_sequence"
    with closing(connect(database, "ro")) as old:
        rows = sorted(old.execute(query).fetchall() + backup.execute(query).fetchall())
    highest = {name: seq for seq, name in rows}  # the last row of each name wins
    backup.execute("BEGIN IMMEDIATE")
    backup.execute("DELETE FROM sqlite_sequence")
    backup.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", highest.items())
    backup.execute("COMMIT")


def _restart_journal(backup: Any) -> None:
    """Invalidate positions of clients that followed the old history."""
    if backup.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
        backup.execute(RESTART)


def _keep_old_file(database: Path, copy: Path) -> Path | None:
    """Rename the old file with its journals, and return its new name. The old name remains, too."""
    with closing(connect(copy)) as backup:
        with suppress(sqlite3.DatabaseError, Refused):
            _keep_ids(backup, database)  # if it exists and is readable
        _restart_journal(backup)
    names = (beside(database, f".old{number or ''}") for number in count())
    kept = next(name for name in names if not name.exists())
    is_there = database.exists()
    if is_there:
        kept.hardlink_to(database)  # first: if this fails, nothing has changed
    for ending in JOURNALS:
        if beside(database, ending).exists():
            beside(database, ending).rename(beside(kept, ending))
    beside(database, "-shm").unlink(missing_ok=True)
    return kept if is_there else None
