"""Files that are complete or do not exist."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex
from time import time

#: The suffixes of SQLite's files beside a database (https://www.sqlite.org/tempfiles.html).
JOURNALS = ("-journal", "-wal")
COMPANIONS = (*JOURNALS, "-shm")

#: The mode of a new file, even with an umask of 0.
OWNER_ONLY = 0o600

#: The age at which a temporary file must be a leftover, in seconds.
LEFT_S = 24 * 60 * 60


def beside(file: Path, ending: str) -> Path:
    """Return a path with an ending added to its name."""
    return file.with_name(file.name + ending)


@contextmanager
def temporary(file: Path) -> Iterator[Path]:
    """Create an empty file beside another file, and remove it after the block.

    Only its owner can read it. SQLite's files beside it are removed, too. Raises OSError, which
    names the other file.
    """
    _sweep(file)
    path = file.with_name(f".{file.name}.{token_hex(4)}")
    try:
        path.touch(OWNER_ONLY, exist_ok=False)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    try:
        yield path
    finally:
        for leftover in (path, *(beside(path, ending) for ending in COMPANIONS)):
            leftover.unlink(missing_ok=True)


def _sweep(file: Path) -> None:
    """Remove leftovers of processes that were killed."""
    for leftover in file.parent.glob(f".{escape(file.name)}.{'[0-9a-f]' * 8}*"):
        with suppress(OSError):
            if leftover.stat().st_mtime < time() - LEFT_S:
                leftover.unlink()


def replace_atomically(new: Path, file: Path) -> None:
    """Rename a file to another name, replacing a file there, in one step that survives a power cut.

    It keeps the mode of the replaced file and, if this is permitted, its owner.
    """
    if file.exists():
        shutil.copymode(file, new)
        with suppress(PermissionError):
            os.chown(new, file.stat().st_uid, file.stat().st_gid)
    _sync(new)
    new.replace(file)
    _sync(file.parent)


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Yield a temporary path, which replaces the file after the block.

    After an error the file is unchanged. Raises OSError.
    """
    file = file.resolve()
    if file.exists() and not file.is_file():
        raise OSError(None, "Not a regular file.", str(file))
    with temporary(file) as new:
        yield new
        replace_atomically(new, file)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
