"""Runs slow statements off the event loop, because SQLite blocks while it executes one."""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from gevent.threadpool import ThreadPool

from flask_things.db.backend import SLOW_QUERIES

#: The threads per worker: one for a bulk call, one per slow query, and two for exports that search,
#: each of which needs one for milliseconds at a time.
THREADS = 1 + SLOW_QUERIES + 2


class Threads:
    """Runs functions in native threads while the event loop serves other requests."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPool(count)
        # All threads start now. If gevent cannot start one later, it raises but leaves the function
        # queued, and another thread would run it at an unexpected time.
        self._pool.size = count

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return the function's result, or raise its exception."""
        # Copy the context, because a fork's code for rows may need the application.
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

    gevent would print an error before handing it over, and lose it if stderr cannot be written.
    """
    try:
        return function(*arguments), None
    except BaseException as error:  # noqa: BLE001 - the caller raises it
        return None, error
