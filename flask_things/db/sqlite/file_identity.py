"""Notices when another file takes the place of the SQLite file, and which file a WAL belongs to."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from flask_things.db.backend import Unavailable
from flask_things.db.sqlite.file import set_wal_aside
from flask_things.db.sqlite.files import OWNER_ONLY, beside


class Identity:
    """A database file, identified by its device and inode."""

    def __init__(self, path: Path) -> None:
        self._named = os.fspath(path)
        self.path = Path(os.path.realpath(path))  # SQLite puts the WAL beside this one
        self._pair = (self.path, beside(self.path, "-wal"))
        self._note = beside(self.path, "-gate")  # a permanent file, which nobody else reads
        self._opened: tuple[int, int] | None = None

    def check(self) -> None:
        """Raise Unavailable if the file that was opened first was deleted or replaced.

        Writes to the open file would be lost.
        """
        if self._opened not in (None, self._now()):
            raise Unavailable(f"{self.path} was deleted or replaced: put it back, or restart")

    def is_same(self) -> bool:
        """Return whether the file was opened and still exists."""
        return self._opened is not None and self._opened == self._now()

    def note(self) -> None:
        """Remember the opened file, and record the inodes of the file and its WAL beside it."""
        self._opened = self._now()
        with suppress(OSError):
            pair = " ".join(str(path.stat().st_ino) for path in self._pair)
            if not self._note.exists():
                self._note.touch(OWNER_ONLY)
            if self._note.read_text() != pair:
                self._note.write_text(pair)
            self._protect_note()

    def _protect_note(self) -> None:
        """Let the users who may write the database read this file, which is enough to lock it."""
        database, note = self.path.stat(), self._note.stat()
        writable = database.st_mode & 0o222
        mode = OWNER_ONLY | writable | writable << 1
        if stat.S_IMODE(note.st_mode) != mode:
            self._note.chmod(mode)
        if not os.geteuid() and note.st_uid != database.st_uid:
            os.chown(self._note, database.st_uid, database.st_gid)

    def part(self) -> None:
        """Rename the WAL if it belongs to an earlier file, as after a `kill -9`."""
        with suppress(OSError, ValueError):
            file, wal = (str(path.stat().st_ino) for path in self._pair)
            noted_file, noted_wal = self._note.read_text().split()
            if wal == noted_wal and file != noted_file:
                set_wal_aside(self.path)

    def is_writable(self) -> bool:
        """Return whether SQLite can write the file and create files beside it."""
        return os.access(self.path.parent, os.W_OK) and os.access(self.path, os.W_OK)

    def why_read_only(self) -> str:
        """Return one line that says what keeps SQLite from writing, or nothing."""
        file, wal = self._pair
        beside_it = [wal, beside(file, "-shm")] if wal.exists() else [file.parent]
        for path in (self._note, file, *beside_it):
            needed = os.R_OK if path == self._note else os.W_OK
            if path.exists() and not os.access(path, needed):
                is_disk = os.statvfs(path).f_flag & os.ST_RDONLY
                owner = f"belongs to user {path.stat().st_uid}"
                return (
                    f"Nothing can be written: user {os.geteuid()} may not write {path}, which "
                    f"{'is on a read-only disk' if is_disk else owner}. Writes are 503."
                )
        return ""

    def _now(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._named)  # noqa: PTH116 - before every request: Path.stat takes longer
        except OSError:
            return None
        return (status.st_dev, status.st_ino) if status.st_size else None
