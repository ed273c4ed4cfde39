"""Limits how many bytes of large responses wait in a worker's memory to be read by clients."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.exceptions import ServiceUnavailable

#: A response up to this size is not counted, in bytes.
SMALL_BYTES = 64 * 1024

#: How much the others have together, in bytes, and when a client may try again, in seconds.
HELD_BYTES, RETRY_AFTER_S = 48_000_000, 5


class Downloads:
    """The large responses that are being sent."""

    def __init__(self) -> None:
        self._bytes = 0
        self._clients: Counter[int] = (
            Counter()
        )  # by the id of the bytes, which clients of the cache share

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
        """Tell whether a response of a size can be held, too."""
        return size <= SMALL_BYTES or self._bytes + size <= HELD_BYTES


DOWNLOADS = Downloads()


def refuse_if_full(size: int) -> None:
    """Raise ServiceUnavailable (503) if a response of this size is one too many."""
    if not DOWNLOADS.has_room(size):
        raise ServiceUnavailable("Too many large responses at once.", retry_after=RETRY_AFTER_S)
