"""Whether anybody has written to a SQLite file since: what decides how long an answer is good."""

from collections.abc import Callable
from threading import Lock
from typing import Any


class Watch:
    """A connection of its own, which sees when any other one commits, of whatever process."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        """Take what opens a connection; it is called when there is something to see."""
        self._connect = connect
        self._connection: Any = None
        self._opened = 0
        self._lock = Lock()

    def version(self) -> tuple[int, int]:
        """Return what is another after every commit: as long as it stands, nothing has changed.

        Raises what opening a connection does, and the driver's errors.
        See https://www.sqlite.org/pragma.html#pragma_data_version.
        """
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
                self._opened += 1  # the numbers of one connection mean nothing to another
            number = self._connection.execute("PRAGMA data_version").fetchone()[0]
            return self._opened, number

    def close(self) -> None:
        """Close the connection; it is opened again when it is needed."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None
