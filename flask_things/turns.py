"""The requests of a worker take turns: what takes long lets the others go on."""

from collections.abc import Callable
from typing import TypeVar

import gevent
from gevent import monkey
from gevent.lock import Semaphore

#: How long that pauses which takes long in many steps, in seconds: the other requests of a worker
#: have their turn. Not 0: gevent would then look for new ones after 50 pauses only.
TURN_S = 0.0001

#: For how long one connection may be read from before others get a turn, in seconds.
SLICE_S = 0.002

#: Connections whose slice is over wait here, so that only one of them goes on in each round of the
#: event loop.
_next_slice = Semaphore()

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def let_others_go_on() -> None:
    """Wait until the event loop has looked for what other connections have, and served that."""
    with _next_slice:
        gevent.idle(priority=2)  # the highest: it comes after one look, however much is found


def in_thread(function: Callable[[Argument], Result], argument: Argument) -> Result:
    """Call a function, in a native thread where an event loop would have to wait for it.

    The function must not raise, and should do most of its work without Python's global lock.
    """
    if not monkey.is_module_patched("threading"):
        return function(argument)
    return gevent.get_hub().threadpool.apply(function, (argument,))  # type: ignore[no-any-return]
