"""Large bodies: a worker holds few at a time, because each takes several times its size in memory.

The server does not read from a client that waits for a slot. While a request waits, slow uploads
lose their slots, so that slow clients cannot occupy all of them.
"""

import gc
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import BoundedSemaphore, Condition
from time import monotonic
from typing import Any

from flask import Flask, Response, after_this_request, current_app, g
from werkzeug.exceptions import ServiceUnavailable

from flask_things.transport.connection import Connection
from flask_things.transport.downloads import DOWNLOADS

#: The largest body, in bytes. The longest text fits with every character escaped as a surrogate
#: pair (12 bytes each), with room for the other fields.
BODY_MAX_BYTES = 2 * 1024 * 1024

#: The largest body of a bulk call, in bytes.
BULK_BODY_MAX_BYTES = 16 * 1024 * 1024

#: Smaller bodies need no slot, in bytes: 1 000 connections may have one each.
SMALL_BYTES = 64 * 1024

#: The bytes of all large bodies that are read or wait for processing, by the limit of one body.
#: Bulk calls have their own slots.
HELD_BYTES = {BODY_MAX_BYTES: 8 * BODY_MAX_BYTES, BULK_BODY_MAX_BYTES: 2 * BULK_BODY_MAX_BYTES}

#: How long a request waits for a slot, and the Retry-After, in seconds.
WAIT_S, RETRY_AFTER_S = 15, 5

#: While requests wait: uploads that have lasted GRACE_S seconds and are slower than
#: SLOW_BYTES_PER_S lose their slot. CHECK_S is the interval of these checks, in seconds.
GRACE_S, SLOW_BYTES_PER_S, CHECK_S = 1, 1_000_000, 0.5

NAME = "flask_things.uploads"


class Upload:
    """A large body that has a slot."""

    def __init__(self, connection: Connection | None) -> None:
        self._connection = connection
        if connection:
            connection.wait_for_body()
        self.began = monotonic()
        self.received = 0
        self.is_read = self.is_cut_off = False

    def give_way(self) -> None:
        """Stop the upload if it is slow."""
        seconds = monotonic() - self.began
        is_slow = seconds > GRACE_S and self.received < seconds * SLOW_BYTES_PER_S
        if is_slow and self._connection and not (self.is_read or self.is_cut_off):
            self.is_cut_off = True
            self._connection.stop_reading()


class Uploads:
    """The slots for large bodies."""

    def __init__(self, held_bytes: int) -> None:
        self._free = held_bytes
        self._held: set[Upload] = set()
        self._waiting: deque[object] = deque()
        self._changed = Condition()
        self._processing = BoundedSemaphore(1)  # they would wait for the database anyway

    @contextmanager
    def slot(self, size: int, connection: Connection | None) -> Iterator[Upload]:
        """Hold a slot for a body during the block.

        Raises ServiceUnavailable (503) if no slot becomes free in time.
        """
        with self._changed:
            self._wait(size)
            self._free -= size
            upload = Upload(connection)
            self._held.add(upload)
        try:
            yield upload
        finally:
            with self._changed:
                self._held.discard(upload)
                self._free += size
                self._changed.notify_all()

    @contextmanager
    def processing(self) -> Iterator[None]:
        """Process a body in the block, one at a time and with room for the response.

        Raises ServiceUnavailable (503) if this takes too long.
        """
        end = monotonic() + WAIT_S
        if not self._processing.acquire(timeout=WAIT_S):
            raise busy()
        try:
            while not DOWNLOADS.has_room(BULK_BODY_MAX_BYTES):
                if monotonic() > end:
                    raise busy()
                time.sleep(CHECK_S)
            yield
        finally:
            self._processing.release()

    def _wait(self, size: int) -> None:
        """Wait for a slot, first come, first served."""
        me, end = object(), monotonic() + WAIT_S
        self._waiting.append(me)
        try:
            while self._waiting[0] is not me or self._free < size:
                left_s = end - monotonic()
                if left_s <= 0:
                    raise busy()
                for upload in list(self._held):
                    upload.give_way()
                self._changed.wait(min(left_s, CHECK_S))
        finally:
            self._waiting.remove(me)
            self._changed.notify_all()


def init_app(app: Flask) -> None:
    """Create the slots. This must be late, because gevent replaces Python's locks before."""
    app.extensions[NAME] = {limit: Uploads(held) for limit, held in HELD_BYTES.items()}


def busy() -> ServiceUnavailable:
    """Return the exception (503) for a request that has waited too long."""
    return ServiceUnavailable("Too many large bodies are in progress.", retry_after=RETRY_AFTER_S)


def release_slots(view: Any) -> Any:
    """Release the request's slots when its view has returned."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        with ExitStack() as g.held:
            return view(*args, **kwargs)

    return answer


def take_slot(size: int, max_bytes: int, connection: Connection | None) -> Upload:
    """Take a slot for the request's body, which may have `max_bytes`.

    Raises ServiceUnavailable (503) if none becomes free in time.
    """
    slots = current_app.extensions[NAME][max_bytes]
    upload = g.held.enter_context(slots.slot(size, connection))
    after_this_request(_collect)
    return upload  # type: ignore[no-any-return]


def take_turn(max_bytes: int) -> None:
    """Wait for the request's turn to process its body. Raises ServiceUnavailable (503)."""
    g.held.enter_context(current_app.extensions[NAME][max_bytes].processing())


def _collect(response: Response) -> Response:
    """Free the memory of a failed request: its traceback keeps the body in reference cycles."""
    if response.status_code >= 400:
        gc.collect()
    return response
