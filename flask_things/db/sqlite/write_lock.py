"""The write lock: one process writes at a time.

SQLite's own waiters try again after growing sleeps, so an unlucky one can wait for as long as all
others together. Here they take turns at a `flock` on a file beside the database. The kernel
releases it if its holder dies.

Waiting does not stop the other requests of a worker: gevent replaces `time.sleep`. So the function
must be looked up in its module at each call.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from time import monotonic

from flask_things.db.backend import Unavailable
from flask_things.db.sqlite.files import OWNER_ONLY
from flask_things.observability.timing import timed

#: The pause between two attempts, in seconds: about the duration of a write.
PAUSE_S = 0.001

#: After this many seconds of writes, a process leaves the lock to others for longer than their
#: pause, and continues with its other requests.
QUANTUM_S, ABSENCE_S = 0.005, 0.002


def try_until(end: float, attempt: Callable[[], bool], what: str) -> None:
    """Repeat an attempt until it succeeds, without stopping the other requests of the worker.

    Raises Unavailable at the time `end` (of `monotonic`).
    """
    while not attempt():
        if monotonic() >= end:
            raise Unavailable(f"waited too long for {what}")
        time.sleep(PAUSE_S)


class WriteLock:
    """The lock of one database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._came = self._left = monotonic()

    @contextmanager
    def held(self, end: float) -> Iterator[None]:
        """Hold the lock during the block. Raises Unavailable at the time `end` (of `monotonic`)."""
        with self._opened() as handle:
            with timed("gate"):
                self._let_others_in()
                try_until(end, lambda: _is_locked(handle), str(self.path))
            try:
                yield
            finally:
                self._left = monotonic()

    def _let_others_in(self) -> None:
        if monotonic() - self._left > ABSENCE_S:
            self._came = monotonic()
        elif monotonic() - self._came > QUANTUM_S:
            time.sleep(ABSENCE_S)
            self._came = monotonic()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Wait without a limit for all writers, and keep them out during the block."""
        with self._opened() as handle:
            flock(handle, LOCK_EX)
            yield

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CREAT, OWNER_ONLY)
        except OSError as error:
            raise Unavailable(str(error)) from error
        try:
            yield handle
        finally:
            os.close(handle)


def _is_locked(handle: int) -> bool:
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True
