"""Accepts the connections of a worker."""

from collections.abc import Callable
from math import isqrt
from typing import Any

from gevent.pool import Pool
from gevent.server import StreamServer


class Listener(StreamServer):
    """Accepts few connections at a time, so that they spread over all workers."""

    def __init__(self, listener: Any, handle: Any, pool: Pool, busy: Callable[[], int]) -> None:
        """`busy` returns how many requests are being answered."""
        self._busy = busy
        super().__init__(listener, handle, spawn=pool)

    @property
    def max_accept(self) -> int:
        """How many connections to accept in a round of the event loop.

        One while the worker is idle. A round takes longer while many requests are answered, and new
        clients would wait for one round each.
        """
        return 1 + isqrt(self._busy())
