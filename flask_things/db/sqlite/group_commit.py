"""Group commit: writers of a process that wait for each other anyway share one transaction.

A commit takes about as long for many rows as for one: it waits for the disk and merges the search
index. So the first writer of a group waits until the requests that have arrived are read; with 8
connections, this makes groups of 3 and saves a quarter of a write's processor time.

Each writer has the transaction to itself for a while. From the second on it needs a savepoint, so
that its error undoes nothing of the others' work. No writer goes on before the commit: its answer,
even a 404, may depend on what another one wrote.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic

from sqlalchemy import Connection

from flask_things.db.backend import Unavailable
from flask_things.observability.timing import timed
from flask_things.turns import let_others_run

#: How long writers may join a transaction after its start, in seconds. The rest of the group waits
#: for the commit, and other processes for the lock.
OPEN_S = 0.005


class Group:
    """A transaction that several writers share, with its error if it was rolled back."""

    def __init__(self, transaction: AbstractContextManager[Connection], open_s: float) -> None:
        """Begin the transaction; it can be joined for `open_s` seconds. Raises its errors."""
        self.error: BaseException | None = None
        self.is_shared = False
        self._ended = threading.Event()
        self._transaction = transaction
        self.connection = transaction.__enter__()
        self._closes = monotonic() + open_s

    def is_open(self) -> bool:
        """Return whether another writer may join."""
        return self.error is None and monotonic() < self._closes

    def end(self) -> None:
        """Commit the transaction, or roll it back if there is an error."""
        try:
            error = self.error
            self._transaction.__exit__(type(error) if error else None, error, None)
        except BaseException as raised:  # noqa: BLE001 - raised again for each waiting writer
            self.error = raised
        finally:
            self._ended.set()

    def wait(self) -> None:
        """Wait for the end of the transaction, and raise its error."""
        self._ended.wait()
        if self.error:
            raise self.error


class GroupCommit:
    """Lets writers of a process share transactions."""

    def __init__(self, begin: Callable[[float], AbstractContextManager[Connection]]) -> None:
        """`begin` starts a transaction before a time (of `monotonic`)."""
        self.waiting = 0  # writers
        self._begin = begin
        self._turn = threading.Lock()
        self._group: Group | None = None  # changed only by the writer whose turn it is
        self._counting = threading.Lock()

    @contextmanager
    def joined(self, seconds: float, *, alone: bool = False) -> Iterator[Group]:
        """Run the block in a transaction, after the writers that joined earlier, and wait for it.

        A slow writer is `alone` in its transaction. Raises Unavailable if the block cannot start
        within these seconds, and the error of the group.
        """
        end = monotonic() + seconds
        if not (self._turn.acquire(blocking=False) or self._queue(end)):
            raise Unavailable("too many writes at once")
        group = None
        try:
            group = self._joinable(end, alone)
            yield group
        finally:
            self._pass_turn()
            if group:
                group.wait()

    def _joinable(self, end: float, alone: bool) -> Group:
        if self._group and alone:
            self._group.end()
            self._group = None
        if self._group:
            self._group.is_shared = True
        else:
            if not alone:
                let_others_run()
            self._group = Group(self._begin(end), 0 if alone else OPEN_S)
        return self._group

    def _queue(self, end: float) -> bool:
        with self._counting:
            self.waiting += 1
        has_turn = False
        try:
            with timed("gate"):
                has_turn = self._turn.acquire(timeout=max(end - monotonic(), 0))
        finally:
            with self._counting:
                self.waiting -= 1
                # The turn may have been passed to this one just when its time was up.
                is_last = not (has_turn or self.waiting) and self._turn.acquire(blocking=False)
            if is_last:
                self._end()
        return has_turn

    def _pass_turn(self) -> None:
        with self._counting:
            goes_on = bool(self.waiting and self._group and self._group.is_open())
            if goes_on:
                self._turn.release()
        if not goes_on:
            self._end()

    def _end(self) -> None:
        group, self._group = self._group, None
        try:
            if group:
                group.end()
        finally:
            self._turn.release()
