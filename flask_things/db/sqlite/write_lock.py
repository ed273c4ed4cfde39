"""The gate: processes that write, one after the other.

Left to itself, SQLite lets those who wait try again after growing sleeps. Of many, one may wait for
as long as all the others take. Before the gate they queue, at a `flock` on a file beside the
database, which the kernel releases if its holder dies.

What waits here lets the other requests of its worker go on, as gevent puts its own in the place of
`time.sleep`: so that is looked up in its module when it is used.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from time import monotonic

from flask_things.db.backend import Away
from flask_things.db.sqlite.files import OWNER_ONLY
from flask_things.observability.timing import timed

#: How long to sleep before another try, in seconds: about as long as a write takes.
PAUSE_S = 0.001

#: For how long a process may go on with its own writers, in seconds, before it stays away from the
#: gate for longer than the others' pause. It has the rest of its requests to go on with meanwhile.
QUANTUM_S, ABSENCE_S = 0.005, 0.002


def try_until(end: float, attempt: Callable[[], bool], what: str) -> None:
    """Try until it succeeds, and let other requests go on meanwhile.

    Where a lock can only be waited for by the system, all of a worker would wait. Raises Away when
    the time (of `monotonic`) has come.
    """
    while not attempt():
        if monotonic() >= end:
            raise Away(f"waited too long for {what}")
        time.sleep(PAUSE_S)


class Gate:
    """A gate that one writer at a time is in."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file, which is made when it is needed."""
        self.path = path
        self._came = self._left = monotonic()

    @contextmanager
    def held(self, end: float) -> Iterator[None]:
        """Be in the gate for the block. Raises Away when the time (of `monotonic`) has come."""
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
        """Keep all writers out for the block, once they are out, however long that takes."""
        with self._opened() as handle:
            flock(handle, LOCK_EX)
            yield

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CREAT, OWNER_ONLY)
        except OSError as error:
            raise Away(str(error)) from error
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
