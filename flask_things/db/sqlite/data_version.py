"""Notices commits to a SQLite file, and which rows they changed."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from flask_things.db.backend import Changes

#: The maximum number of changed rows that are listed.
ROWS_MAX = 1000

ENTRIES = f"""
    SELECT position, table_name, row_id FROM journal WHERE position > ?
    ORDER BY position LIMIT {ROWS_MAX + 1}
"""  # noqa: S608 - a constant

#: coalesce: another program might empty the journal.
NEWEST = "SELECT coalesce(max(position), 0) FROM journal"


class Watch:
    """A separate connection, which notices commits of every other connection in any process."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._connection: Any = None
        self._opened = 0
        self._lock = Lock()

    def version(self) -> tuple[int, int]:
        """Return a value that changes with every commit.

        Raises the errors of opening a connection and of the driver.
        See https://www.sqlite.org/pragma.html#pragma_data_version.
        """
        with self._lock:
            return self._version()

    def _version(self) -> tuple[int, int]:
        if self._connection is None:
            self._connection = self._connect()
            self._opened += 1  # numbers of different connections cannot be compared
        return self._opened, self._connection.execute("PRAGMA data_version").fetchone()[0]

    def changes(self, since: int) -> Changes:
        """Return the changes after a position in the journal. Raises the errors of `version`."""
        with self._lock:
            self._version()
            execute = self._connection.execute
            execute("BEGIN")  # so that all is read from one snapshot
            try:
                entries = execute(ENTRIES, [since]).fetchall()
                [(newest,)] = execute(NEWEST).fetchall()
                version = self._version()
            finally:
                execute("ROLLBACK")
        return Changes(version, newest, _rows(entries, newest - since))

    def close(self) -> None:
        """Close the connection until it is needed again."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None


def _rows(entries: Sequence[tuple[Any, ...]], count: int) -> list[tuple[str, int]] | None:
    """Return the rows of journal entries, or None if the entries do not cover all changes.

    That is so if an entry is about more than one row, if fewer than `count` entries exist, or if
    there is none: then a commit changed something outside of the journal.
    """
    rows = [(table, row_id) for _, table, row_id in entries if row_id is not None]
    return rows if rows and len(rows) == len(entries) == count else None
