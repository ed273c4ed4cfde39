"""A SQLite file before it is used: is it one, is all of it there, and how a new one is made."""

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

#: SQLite's names for what it finds damaged.
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

# https://www.sqlite.org/fileformat2.html
MAGIC = b"SQLite format 3\0"
LOCK_BYTE = 0x40000000  # the page that this is on holds nothing
WAL_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24


def error_name(error: object) -> str:
    """Return SQLite's name for an error of the driver; for any other the empty one."""
    # That bytes are no text is a finding of the driver's own, which has no name.
    unnamed = "SQLITE_CORRUPT" if isinstance(error, sqlite3.OperationalError) else ""
    return getattr(error, "sqlite_errorname", unnamed)


def uri(path: Path, mode: str) -> str:
    """Return what SQLite opens a file by: to read ("ro") or also to write ("rw").

    Where nothing can be written beside a file in WAL mode, SQLite reads it only if it is told that
    nobody changes it.
    """
    is_fixed = not (os.access(path.parent, os.W_OK) or beside(path, "-wal").exists())
    return f"{path.as_uri()}?mode={'ro&immutable=1' if is_fixed else mode}"


def examine(path: Path) -> None:
    """Raise Unusable unless all pages of a database are there, in the file or in its WAL.

    It reads the header and the sizes, so it takes no longer for a big one. Nothing is changed. No
    connection of this process may be open: to close a file drops SQLite's locks on it.
    """
    with path.open("rb") as file:
        magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise Unusable(f"It is {'not a database' if magic else 'empty'}. {HINT}")
    # A journal is what a crash has left to be undone: SQLite has to write for that.
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
    there = path.stat().st_size // page_bytes
    # SQLite would take what is missing for zeros, if there is a WAL.
    missing = set(range(there + 1, pages + 1)) - {LOCK_BYTE // page_bytes + 1}
    if missing and not missing <= _pages_in(beside(path, "-wal"), page_bytes):
        raise Unusable(f"It is cut off: {there} of {pages} pages are there. {HINT}")


def _pages_in(wal: Path, page_bytes: int) -> set[int]:
    """Return the numbers of the pages in a WAL; older ones that it still holds do not count."""
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
    """Make the folder of a database if it is the default one.

    Raises Unusable if another one is missing: that is more likely a typing error than a wish for a
    new, empty database.
    """
    folder = path.parent
    if folder == DEFAULT_FOLDER.resolve():
        folder.mkdir(exist_ok=True)
    elif not folder.is_dir():
        raise Unusable(f"There is no folder {folder}. Create it, or correct the path.")


def make(path: Path) -> None:
    """Make an empty database; a crash leaves none, or a whole one.

    Only its owner can use it: SQLite gives the files beside it the same mode.
    """
    set_wal_aside(path)
    new = beside(path, "-new")
    new.unlink(missing_ok=True)
    new.touch(OWNER_ONLY)
    set_wal_mode(new)
    new.rename(path)


def set_wal_aside(path: Path) -> None:
    """Give the WAL of a file that is not there any more another name.

    SQLite would write what is in it into the next file of that name.
    """
    wal = beside(path, "-wal")
    if wal.exists():
        wal.rename(beside(path, f"-wal-{wal.stat().st_mtime_ns}"))
    beside(path, "-shm").unlink(missing_ok=True)


def set_wal_mode(path: Path) -> None:
    """Put a database in WAL mode, which stays with the file.

    There reads and writes do not wait for each other. It fails while another process has it open.
    """
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def is_in_wal_mode(path: Path) -> bool:
    """Tell whether a database is in WAL mode (or on its way out of it), by its header."""
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\2\2"
