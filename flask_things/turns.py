"""Cooperative scheduling: long work lets a worker's other requests run."""

from collections.abc import Callable
from typing import TypeVar

import gevent
from gevent import monkey
from gevent.lock import Semaphore

#: How long one connection may be read before others get their turn, in seconds.
SLICE_S = 0.002

#: Connections whose slice is over wait here. Only one of them continues in each round of the event
#: loop.
_next_slice = Semaphore()

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def wait_for_turn() -> None:
    """Let other requests run first, and wait behind the connections that already wait here."""
    with _next_slice:
        let_others_run()


def let_others_run() -> None:
    """Let the requests that have arrived run, then go on. Without an event loop, go on at once.

    A sleep would take a millisecond, and sleep(0) would accept new connections only after 50 calls.
    """
    if _has_event_loop():
        gevent.idle(priority=2)  # the highest priority: runs after one poll, however much is ready


def _has_event_loop() -> bool:
    return monkey.is_module_patched("threading")  # type: ignore[no-any-return]


def in_thread(function: Callable[[Argument], Result], argument: Argument) -> Result:
    """Call a function in a native thread if an event loop is running, otherwise directly.

    The function must not raise, and should release the GIL for most of its work.
    """
    if not _has_event_loop():
        return function(argument)
    return gevent.get_hub().threadpool.apply(function, (argument,))  # type: ignore[no-any-return]
