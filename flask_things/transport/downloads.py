"""Limits the memory of large responses that clients are still reading."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.exceptions import ServiceUnavailable

#: Smaller responses are not counted, in bytes.
SMALL_BYTES = 64 * 1024

#: The most bytes of large responses together, and the Retry-After, in seconds.
HELD_BYTES, RETRY_AFTER_S = 48_000_000, 5


class Downloads:
    """The large responses that are being sent."""

    def __init__(self) -> None:
        self._bytes = 0
        # By the id of the bytes: the cache gives the same bytes to several clients.
        self._clients: Counter[int] = Counter()

    @contextmanager
    def sending(self, data: bytes) -> Iterator[None]:
        """Count a response, or a part of one, during the block."""
        if len(data) <= SMALL_BYTES:
            yield
            return
        self._clients[id(data)] += 1
        if self._clients[id(data)] == 1:
            self._bytes += len(data)
        try:
            yield
        finally:
            self._clients[id(data)] -= 1
            if not self._clients[id(data)]:
                del self._clients[id(data)]
                self._bytes -= len(data)

    def has_room(self, size: int) -> bool:
        """Return whether a response of this size fits into the limit."""
        return size <= SMALL_BYTES or self._bytes + size <= HELD_BYTES


DOWNLOADS = Downloads()


def refuse_if_full(size: int) -> None:
    """Raise ServiceUnavailable (503) if a response of this size exceeds the limit."""
    if not DOWNLOADS.has_room(size):
        detail = "Too many large responses are in progress."
        raise ServiceUnavailable(detail, retry_after=RETRY_AFTER_S)
