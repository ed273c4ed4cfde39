"""Backups in one directory, named by their time. The newest ones are kept."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from flask_things.cli.backup import Progress, back_up
from flask_things.db.backend import Refused


def back_up_into(
    database: Path, directory: Path, keep: int, progress: Progress
) -> tuple[Path, list[Path]]:
    """Back up the database into a directory, then remove the oldest backups beyond `keep`.

    Return the new backup and those that were removed. Files whose names have another form stay.
    Raises Refused, OSError and sqlite3.Error; without a new backup no other one is removed.
    """
    with _locked(directory):
        for leftover in _files(database, directory, r"\.", r"\.[0-9a-f]{8}(-journal|-wal|-shm)?"):
            leftover.unlink()
        backup = directory / _next_name(database, directory)
        back_up(database, backup, progress)
        old = _files(database, directory)[:-keep]
        for file in old:
            file.unlink()
    return backup, old


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, so that what a killed backup left behind can be recognized.

    The lock is on the directory itself and ends with the process: no file is left behind.
    """
    if not directory.is_dir():
        reason = "This is not a directory" if directory.exists() else "There is no such directory"
        raise Refused(f"{directory}: {reason}. With --keep, backups are written to a directory.")
    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"{directory}: Another backup is running.") from error
        yield
    finally:
        os.close(handle)


def _next_name(database: Path, directory: Path) -> str:
    """Return a name that sorts after the others. Raises Refused if one is in the future."""
    existing = _files(database, directory)
    newest = existing[-1].name if existing else ""
    if newest == _name(database):
        time.sleep(1)  # names have a resolution of seconds
    if newest >= (name := _name(database)):
        raise Refused(
            f"{directory / newest}: This backup is dated in the future. Was the clock set "
            "back? Correct the clock, or move the file away."
        )
    return name


def _name(database: Path) -> str:
    return f"{database.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{database.suffix}"


def _files(database: Path, directory: Path, before: str = "", after: str = "") -> list[Path]:
    """Return the files that are named like a backup, oldest first."""
    name = rf"{re.escape(database.stem)}-\d{{8}}T\d{{6}}Z{re.escape(database.suffix)}"
    pattern = re.compile(before + name + after)
    return sorted(
        file
        for file in directory.iterdir()
        if pattern.fullmatch(file.name) and file.is_file() and not file.is_symlink()
    )
