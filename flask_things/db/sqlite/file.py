"""A SQLite file before the service uses it: checks that it is complete, and creates a new one."""

import os
from pathlib import Path

from flask_things.db.backend import Unusable
from flask_things.db.sqlite.files import OWNER_ONLY, beside

__all__ = [
    "DAMAGED",
    "error_name",
    "examine",
    "is_in_wal_mode",
    "make",
    "make_folder",
    "set_wal_aside",
    "set_wal_mode",
    "sqlite3",
    "uri",
]

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # no wheel for this machine; see setup.cfg
    import sqlite3

HINT = "Restore a backup (flask things restore --force), or choose another file."

#: The folder of THINGS_DATABASE_URL's default, in the working directory.
DEFAULT_FOLDER = Path("data")

#: SQLite's names of the errors that mean damage.
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

# https://www.sqlite.org/fileformat2.html
MAGIC = b"SQLite format 3\0"
LOCK_BYTE = 0x40000000  # the page at this offset is never written
WAL_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24


def error_name(error: object) -> str:
    """Return SQLite's name of a driver error, or "" for any other error."""
    # The driver itself rejects bytes that are not UTF-8, and gives that error no name.
    unnamed = "SQLITE_CORRUPT" if isinstance(error, sqlite3.OperationalError) else ""
    return getattr(error, "sqlite_errorname", unnamed)


def uri(path: Path, mode: str) -> str:
    """Return the URI of a file, opened to read ("ro") or to read and write ("rw").

    If the folder of a file in WAL mode is not writable, SQLite reads the file only as immutable.
    """
    is_fixed = not (os.access(path.parent, os.W_OK) or beside(path, "-wal").exists())
    return f"{path.as_uri()}?mode={'ro&immutable=1' if is_fixed else mode}"


def examine(path: Path) -> None:
    """Raise Unusable unless the file or its WAL has every page of the database.

    It reads only the header and the sizes, and changes nothing. No connection of this process may
    be open, because closing any handle of a file drops SQLite's locks on it.
    """
    with path.open("rb") as file:
        magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise Unusable(f"It is {'not a database' if magic else 'empty'}. {HINT}")
    # A journal is left by a crash. SQLite must write to roll it back.
    mode = "rw" if beside(path, "-journal").exists() else "ro"
    connection = sqlite3.connect(uri(path, mode), uri=True)
    try:
        ((pages,),) = connection.execute("PRAGMA page_count")
        ((page_bytes,),) = connection.execute("PRAGMA page_size")
    except sqlite3.DatabaseError as error:
        raise Unusable(
            f"{error}. {HINT if error_name(error).startswith(DAMAGED) else ''}"
        ) from error
    finally:
        connection.close()
    present = path.stat().st_size // page_bytes
    # With a WAL, SQLite would read missing pages as zeros.
    missing = set(range(present + 1, pages + 1)) - {LOCK_BYTE // page_bytes + 1}
    if missing and not missing <= _pages_in(beside(path, "-wal"), page_bytes):
        raise Unusable(f"It is truncated: {present} of {pages} pages are present. {HINT}")


def _pages_in(wal: Path, page_bytes: int) -> set[int]:
    """Return the numbers of the pages in a WAL, without leftovers of earlier uses of the file."""
    pages: set[int] = set()
    if not wal.exists():
        return pages
    with wal.open("rb") as file:
        salts = file.read(WAL_HEADER_BYTES)[16:24]
        while len(header := file.read(FRAME_HEADER_BYTES)) == FRAME_HEADER_BYTES:
            if header[8:16] != salts:
                break
            pages.add(int.from_bytes(header[:4]))
            file.seek(page_bytes, os.SEEK_CUR)
    return pages


def make_folder(path: Path) -> None:
    """Create the folder of a database if it is the default one.

    Raises Unusable if another folder is missing, which is more likely a typing error than a request
    for an empty database.
    """
    folder = path.parent
    if folder == DEFAULT_FOLDER.resolve():
        folder.mkdir(exist_ok=True)
    elif not folder.is_dir():
        raise Unusable(f"There is no folder {folder}. Create it, or correct the path.")


def make(path: Path) -> None:
    """Create an empty database; a crash leaves no database or a complete one.

    Only its owner can use it. SQLite gives the files beside it the same mode.
    """
    set_wal_aside(path)
    new = beside(path, "-new")
    new.unlink(missing_ok=True)
    new.touch(OWNER_ONLY)
    set_wal_mode(new)
    new.rename(path)


def set_wal_aside(path: Path) -> None:
    """Rename the WAL of a file that no longer exists.

    Otherwise SQLite would apply it to the next file of that name.
    """
    wal = beside(path, "-wal")
    if wal.exists():
        wal.rename(beside(path, f"-wal-{wal.stat().st_mtime_ns}"))
    beside(path, "-shm").unlink(missing_ok=True)


def set_wal_mode(path: Path) -> None:
    """Put a database in WAL mode, in which reads and writes do not wait for each other.

    The file remembers the mode. Fails while another process has the file open.
    """
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def is_in_wal_mode(path: Path) -> bool:
    """Return whether the header of a database says WAL mode."""
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\2\2"
