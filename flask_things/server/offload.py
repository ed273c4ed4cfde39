"""Threads for slow statements: SQLite would stop the event loop for as long as it executes one."""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from gevent.threadpool import ThreadPool

from flask_things.db.backend import SLOW_QUERIES

#: How many threads a worker has: one for a bulk, one for each slow query, and two for the exports
#: that search, each of which needs one for some milliseconds at a time.
THREADS = 1 + SLOW_QUERIES + 2


class Threads:
    """Calls functions in native threads, while the event loop serves other requests."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPool(count)
        # All are started now. If gevent cannot start one later, it raises but leaves the function
        # queued, and another thread would call it when nobody expects that any more.
        self._pool.size = count

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function returns, or raise what it raises."""
        # With the context, as what a fork does with rows may ask for the application.
        task = self._pool.spawn(_outcome, copy_context().run, (function, *arguments))
        try:
            value, error = task.get()
        except BaseException:  # this greenlet is killed, but the thread still uses its connection
            task.wait()
            raise
        if error is not None:
            raise error
        return value


def _outcome(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, BaseException | None]:
    """Return a function's result and no error, or None and the error.

    gevent would print an error before it hands it over, and lose it where stderr cannot be written.
    """
    try:
        return function(*arguments), None
    except BaseException as error:  # noqa: BLE001 - raised again by the caller
        return None, error
