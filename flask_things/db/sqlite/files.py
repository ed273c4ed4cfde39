"""Files that are there as a whole, or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex
from time import time

#: What SQLite keeps beside a database, by the end of its name (https://www.sqlite.org/tempfiles.html).
JOURNALS = ("-journal", "-wal")
COMPANIONS = (*JOURNALS, "-shm")

#: The mode of a new file: others have no business in it. It holds even with an umask of 0.
OWNER_ONLY = 0o600

#: After how long a temporary file cannot be in use any more, in seconds.
LEFT_S = 24 * 60 * 60


def beside(file: Path, ending: str) -> Path:
    """Return the path of a file whose name is another's and an ending."""
    return file.with_name(file.name + ending)


@contextmanager
def temporary(file: Path) -> Iterator[Path]:
    """Make an empty file in the folder of another one, for the block: then it is gone.

    Only its owner can read it. What SQLite keeps beside it goes with it. Raises OSError, which
    names the file that it is for.
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
    """Remove what was killed in such a block long ago."""
    for leftover in file.parent.glob(f".{escape(file.name)}.{'[0-9a-f]' * 8}*"):
        with suppress(OSError):
            if leftover.stat().st_mtime < time() - LEFT_S:
                leftover.unlink()


def put(new: Path, file: Path) -> None:
    """Put a file where another one is or shall be, in one step that outlives a power cut.

    It gets the other one's mode and, where this is allowed, its owner.
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
    """Hand out a path to write to; at the end of the block what is there becomes the file.

    After an error the file is as it was. Raises OSError.
    """
    file = file.resolve()
    if file.exists() and not file.is_file():
        raise OSError(None, "Not a regular file.", str(file))
    with temporary(file) as new:
        yield new
        put(new, file)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
