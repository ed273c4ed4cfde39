"""Backups put back: into the database that is there, or in the place of one that cannot be read."""

from collections.abc import Callable
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory

from flask_things.backend import Refused
from flask_things.backups import (
    Damaged,
    Progress,
    connect,
    copy_pages,
    count_things,
    refuse_itself,
    revision,
    verify,
)
from flask_things.files import JOURNALS, beside, put, temporary
from flask_things.gate import Gate
from flask_things.migrations import HERE
from flask_things.sqlite_file import DAMAGED, sqlite3

#: What would be lost. A thing that only the database has may have been deleted on the way to the
#: backup, if that one is ahead and knows of its id.
CHANGED = """
    SELECT count(*) FROM main.thing AS here LEFT JOIN backup.thing AS there USING (id)
    WHERE here.updated_at > there.updated_at
    OR here.updated_at = there.updated_at AND here.text <> there.text
    OR there.id IS NULL AND (here.id > :highest OR NOT :ahead)
"""
DELETED = """
    SELECT count(*) FROM backup.thing AS there LEFT JOIN main.thing AS here USING (id)
    WHERE here.id IS NULL AND there.id <= :highest
"""
AHEAD = "SELECT (SELECT max(updated_at) FROM backup.thing) > (SELECT max(updated_at) FROM thing)"


def restore(file: Path, database: Path, *, force: bool, progress: Progress) -> list[str]:
    """Make the database what a backup is, but for ids given since: they are not given again.

    Return what there is to say, in sentences. Without `force` a database that is newer than the
    backup, or that somebody has open, is left alone. Raises Refused, OSError and sqlite3.Error;
    then the database is as it was.
    """
    if not file.is_file():
        raise Refused(f"{file}: There is no such file.")
    refuse_itself(database, file)
    if not force:
        _refuse_busy(database)
    database.parent.mkdir(parents=True, exist_ok=True)
    with temporary(database) as copy:
        with closing(connect(copy)) as backup:
            said = [_take(file, backup, lambda done, total: progress(done, 2 * total))]
            if _is_sound(database, backup, force):

                def when_locked() -> None:
                    with closing(connect(database, "ro")) as old:
                        if not force:
                            _refuse_newer(old, backup, copy, file)
                        _start_ids_above(backup, _highest_id(old))

                _copy_into(database, backup, when_locked, progress)
                return said
            said += _keep_ids(database, backup)
        said += _set_aside(database)
        put(copy, database)
    return said


def _take(file: Path, backup: Any, progress: Progress) -> str:
    """Read the backup into a copy, and verify that; return what there is to say."""
    # Where no journal is beside it, none is made, and its folder may be read-only.
    journals = any(beside(file, ending).exists() for ending in JOURNALS)
    with closing(connect(file, "ro" if journals else "ro&immutable=1")) as source:
        try:
            copy_pages(source, backup, progress)
        except sqlite3.DatabaseError as error:
            raise Refused(f"{file}: {error}.") from error
    has = verify(backup, file)
    if has not in _revisions():
        raise Refused(f"{file}: The schema {has} is not known: is it of a newer flask-things?")
    backup.execute("PRAGMA journal_mode = WAL")
    return f"{count_things(backup)} things."


@cache
def _revisions() -> list[str]:
    """Return the revisions of the schema, the newest first."""
    return [script.revision for script in ScriptDirectory(HERE).walk_revisions()]


def _refuse_busy(database: Path) -> None:
    """Refuse a database that somebody has open: in this mode SQLite wants it for itself."""
    if not database.exists():
        return
    with closing(connect(database)) as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise Refused(
                    f"{database}: Somebody has it open. Stop the server, or use --force."
                ) from error
            if not error.sqlite_errorname.startswith(DAMAGED):
                raise


def _is_there(database: Path) -> bool:
    return database.exists() and database.stat().st_size > 0


def _is_sound(database: Path, backup: Any, force: bool) -> bool:
    """Tell whether the database can take the backup's pages, which get the size that it has."""
    if not _is_there(database):
        return False
    with closing(connect(database, "ro")) as old:
        try:
            verify(old, database)
        except Damaged:
            return False
        except Refused as error:
            if force:
                return False
            raise Refused(f"{error} With --force it is set aside.") from error
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith(DAMAGED):
                return False
            raise
        [size] = old.execute("PRAGMA page_size").fetchone()
    if backup.execute("PRAGMA page_size").fetchone() != (size,):
        backup.execute("PRAGMA journal_mode = DELETE")
        backup.execute(f"PRAGMA page_size = {size}")
        backup.execute("VACUUM")
        backup.execute("PRAGMA journal_mode = WAL")
    return True


def _copy_into(
    database: Path, backup: Any, when_locked: Callable[[], None], progress: Progress
) -> None:
    """Copy the backup into the database, as one transaction that its readers and writers wait for.

    `when_locked` is called when nobody else can write any more.
    """
    to_do = [when_locked]

    def step(done: int, total: int) -> None:
        while to_do:
            to_do.pop()()
        progress(total + done, 2 * total)

    # Before SQLite's own lock the gate, or those who write all the time might leave no gap.
    with Gate(beside(database, "-gate")).closed(), closing(connect(database)) as target:
        target.execute("PRAGMA journal_mode = WAL")
        copy_pages(backup, target, step)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _refuse_newer(old: Any, backup: Any, copy: Path, file: Path) -> None:
    known = _revisions()
    has = revision(old, file)
    if has not in known or known.index(has) < known.index(revision(backup, file)):
        raise Refused(f"The database has a newer schema than {file}: --force restores it anyway.")
    old.execute("ATTACH ? AS backup", [f"{copy.as_uri()}?mode=ro"])
    [ahead] = old.execute(AHEAD).fetchone()
    parameters = {"highest": _highest_id(backup), "ahead": bool(ahead)}
    [changed] = old.execute(CHANGED, parameters).fetchone()
    [deleted] = old.execute(DELETED, {"highest": _highest_id(old)}).fetchone()
    if changed or deleted:
        raise Refused(
            f"The database is newer than {file}: {changed} things were made or changed since, and "
            f"{deleted} deleted. With --force this is lost."
        )


def _highest_id(connection: Any) -> int:
    """Return the highest id that was ever given, as far as the database knows."""
    highest = connection.execute("SELECT max(id) FROM thing").fetchone()[0] or 0
    names = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
    if connection.execute(names).fetchone():
        given = "SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence WHERE name = 'thing'"
        highest = max(highest, connection.execute(given).fetchone()[0] or 0)
    return int(highest)


def _start_ids_above(backup: Any, highest: int) -> None:
    highest = max(highest, _highest_id(backup))
    backup.execute("BEGIN IMMEDIATE")
    backup.execute("DELETE FROM sqlite_sequence WHERE name = 'thing'")
    backup.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('thing', ?)", [highest])
    backup.execute("COMMIT")


def _keep_ids(database: Path, backup: Any) -> list[str]:
    """Start ids above those of a database that is to be set aside, if it can still tell."""
    if not _is_there(database):
        return []
    try:
        with closing(connect(database, "ro")) as old:
            highest = _highest_id(old)
    except sqlite3.DatabaseError:
        return [
            "The database before could not be read: ids of things that were made or deleted since "
            "the backup may be given again."
        ]
    _start_ids_above(backup, highest)
    return []


def _set_aside(database: Path) -> list[str]:
    """Keep the database under another name too, and its journals under that one only."""
    names = (beside(database, f".old{number or ''}") for number in count())
    endings = ("", *JOURNALS)
    kept = next(name for name in names if not any(beside(name, end).exists() for end in endings))
    said = []
    if _is_there(database):
        kept.hardlink_to(database)  # first, so that where this cannot be done nothing is
        said = [f"The database before is kept as {kept}; if the server runs, restart it."]
    for ending in JOURNALS:
        if beside(database, ending).exists():
            beside(database, ending).rename(beside(kept, ending))
    beside(database, "-shm").unlink(missing_ok=True)
    return said
