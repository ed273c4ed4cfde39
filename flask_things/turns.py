"""Cooperative scheduling: long work lets a worker's other requests run."""

from collections.abc import Callable
from typing import TypeVar

import gevent
from gevent import monkey
from gevent.lock import Semaphore

#: The pause between the steps of long work, in seconds, so that other requests run. It is not 0:
#: gevent would accept new requests only after 50 such pauses.
TURN_S = 0.0001

#: How long one connection may be read before others get their turn, in seconds.
SLICE_S = 0.002

#: Connections whose slice is over wait here. Only one of them continues in each round of the event
#: loop.
_next_slice = Semaphore()

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def yield_turn() -> None:
    """Wait until the event loop has served the other connections once."""
    with _next_slice:
        let_arrived_go_on()


def let_arrived_go_on() -> None:
    """Wait until the event loop, if one is running, has served the requests that have arrived."""
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
