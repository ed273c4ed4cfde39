"""The connections of a worker take turns with what they read, however much there is of it."""

import gevent
from gevent.lock import Semaphore

#: For how long one connection may be read from before others get a turn, in seconds.
SLICE_S = 0.002

#: Connections whose slice is over wait here, so that one of them at a time goes on for each round
#: of the event loop, however many there are.
_next_slice = Semaphore()


def let_others_go_on() -> None:
    """Wait until the event loop has looked for what other connections have, and served that."""
    with _next_slice:
        gevent.idle(priority=2)  # the highest: it comes after one look, however much is found
