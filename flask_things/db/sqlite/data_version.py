"""Whether anybody has written to a SQLite file since, and which rows."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from flask_things.db.backend import Changes

#: Up to how many changed rows are listed.
ROWS_MAX = 1000

ENTRIES = f"""
    SELECT position, table_name, row_id FROM journal WHERE position > ?
    ORDER BY position LIMIT {ROWS_MAX + 1}
"""  # noqa: S608 - a constant

#: Nobody empties the journal; but if another program does, this goes on.
NEWEST = "SELECT coalesce(max(position), 0) FROM journal"


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
            return self._version()

    def _version(self) -> tuple[int, int]:
        if self._connection is None:
            self._connection = self._connect()
            self._opened += 1  # the numbers of one connection mean nothing to another
        return self._opened, self._connection.execute("PRAGMA data_version").fetchone()[0]

    def changes(self, since: int) -> Changes:
        """Return what was committed after a position in the journal; raises what `version` does."""
        with self._lock:
            self._version()
            execute = self._connection.execute
            execute("BEGIN")  # so that all is of one moment
            try:
                entries = execute(ENTRIES, [since]).fetchall()
                [(newest,)] = execute(NEWEST).fetchall()
                version = self._version()
            finally:
                execute("ROLLBACK")
        return Changes(version, newest, _rows(entries, newest - since))

    def close(self) -> None:
        """Close the connection; it is opened again when it is needed."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None


def _rows(entries: Sequence[tuple[Any, ...]], count: int) -> list[tuple[str, int]] | None:
    """Return the rows of journal entries.

    None if one is about more than a row, if not all of `count` are there, or if there is none:
    then something was committed that is not in the journal.
    """
    rows = [(table, row_id) for _, table, row_id in entries if row_id is not None]
    return rows if rows and len(rows) == len(entries) == count else None
