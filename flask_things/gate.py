"""The gate: writers of several processes, one after the other.

Left to itself, SQLite lets those who wait try again after growing sleeps. Of many, one may wait for
as long as all the others take. Before the gate they queue, first the threads of a process, then the
processes: a `flock` on a file beside the database, which the kernel releases if its holder dies.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic

from flask_things.backend import Away
from flask_things.limits import THREADS

#: How many threads of a process may write, or wait for it as long as they are allowed to. The rest
#: of its threads stay free to read, whatever holds the writers up.
PATIENT = THREADS * 3 // 4

#: How long others wait for a queue that does not move, in seconds.
HASTE_S = 0.5


class Gate:
    """A gate that one writer at a time is in."""

    def __init__(self, path: Path, seconds: float) -> None:
        """Take the path of the file, which is made when it is needed, and the longest wait."""
        self.path, self.seconds = path, seconds
        self._turn = Lock()
        self._patient = BoundedSemaphore(PATIENT)
        self._moved = monotonic()
        self._waiting: Thread | None = None

    @contextmanager
    def held(self) -> Iterator[float]:
        """Be in the gate for the block, which gets the seconds that are left to wait for more.

        Raises Away when the time is up.
        """
        end = monotonic() + self.seconds
        if not self._take_turn(end):
            raise Away(f"waited too long for {self.path}")
        try:
            with self._opened() as handle:
                self._lock(handle, end)
                self._moved = monotonic()
                yield max(end - monotonic(), 0)
            self._moved = monotonic()
        finally:
            self._turn.release()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keep all writers out for the block, once they are out, however long that takes."""
        with self._opened() as handle:
            flock(handle, LOCK_EX)
            yield

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CREAT, 0o666)
        except OSError as error:
            raise Away(str(error)) from error
        try:
            yield handle
        finally:
            os.close(handle)

    def _take_turn(self, end: float) -> bool:
        if self._turn.acquire(blocking=False):
            self._moved = monotonic()
            return True
        if self._patient.acquire(blocking=False):
            try:
                return self._turn.acquire(timeout=max(end - monotonic(), 0))
            finally:
                self._patient.release()
        while (left := min(end, self._moved + HASTE_S) - monotonic()) > 0:
            if self._turn.acquire(timeout=left):
                return True
        return False

    def _lock(self, handle: int, end: float) -> None:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            # It cannot be told how long to wait, so another thread does. When that one is given up,
            # the handle is closed, and what it gets is released at once; until then there is no
            # second one, or they would pile up behind a holder that hangs.
            if self._waiting:
                self._waiting.join(end - monotonic())
            if not (self._waiting and self._waiting.is_alive()):
                self._waiting = Thread(target=_lock_and_close, args=[os.dup(handle)], daemon=True)
                self._waiting.start()
                self._waiting.join(end - monotonic())
            if self._waiting.is_alive():
                raise Away(f"waited too long for {self.path}") from None


def _lock_and_close(handle: int) -> None:
    """Take the lock, which then lasts for as long as what the handle is a duplicate of."""
    try:
        flock(handle, LOCK_EX)
    finally:
        os.close(handle)
