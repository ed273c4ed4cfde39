"""Streams: responses that stay open, so that clients get changes immediately.

One thread polls for all of them. A waiting stream costs only memory.
"""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from socket import MSG_PEEK, SHUT_RDWR
from time import monotonic
from typing import Any

from werkzeug.exceptions import ServiceUnavailable

from flask_things.turns import let_others_run

NAME = "flask_things.streams"

#: The most streams per worker, and the Retry-After, in seconds.
STREAMS, RETRY_AFTER_S = 100, 5

#: The polling interval in seconds, and every how many polls to look for disconnected clients.
POLL_S, CHECK_POLLS = 0.1, 10

#: How long a stream may go on sending after it was ended, in seconds.
END_S = 0.5


class Stream:
    """An open stream."""

    def __init__(self, connection: Any) -> None:
        """Wrap the client's connection, which is None on servers other than ours."""
        self._connection = connection
        self._ended_at: float | None = None
        self._news = threading.Event()

    @property
    def is_over(self) -> bool:
        """Whether the stream has ended."""
        return self._ended_at is not None

    def expect(self) -> None:
        """Mark all changes so far as about to be read."""
        self._news.clear()

    def wake(self) -> None:
        """Signal a new change."""
        self._news.set()

    def wait(self, seconds: float) -> None:
        """Wait for a change or the end, at most for some seconds."""
        if not self.is_over:
            self._news.wait(max(seconds, 0))

    def end(self) -> None:
        """End the stream. A second call closes the connection if the client does not read."""
        if self._ended_at is None:
            self._ended_at = monotonic()
            self._news.set()
        elif self._connection and monotonic() > self._ended_at + END_S:
            with suppress(OSError):
                self._connection.shutdown(SHUT_RDWR)

    def is_disconnected(self) -> bool:
        """Return whether the client has closed its connection."""
        if not self._connection:
            return False
        timeout_s = self._connection.gettimeout()
        self._connection.settimeout(0)
        try:
            return not self._connection.recv_into(bytearray(1), 1, MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self._connection.settimeout(timeout_s)


class Streams:
    """The open streams of a worker."""

    def __init__(self, poll: Callable[[], Hashable]) -> None:
        """Poll with `poll`: its value differs after a change, and is None if it cannot tell."""
        self._poll = poll
        self._lock = threading.Lock()
        self._open: set[Stream] = set()
        self._is_polling = self._is_over = False
        self._shared: dict[Hashable, Future[Any]] = {}

    def __len__(self) -> int:
        """Return the number of open streams."""
        return len(self._open)

    def open(self, connection: Any) -> Stream:
        """Return a new stream. Raises ServiceUnavailable (503) if there are too many."""
        with self._lock:
            if (
                len(self) >= STREAMS
                and sum(not one.is_disconnected() for one in self._open) >= STREAMS
            ):
                raise ServiceUnavailable("Too many streams are open.", retry_after=RETRY_AFTER_S)
            stream = Stream(connection)
            if self._is_over:
                stream.end()
            self._open.add(stream)
            if not self._is_polling:
                self._is_polling = True
                threading.Thread(target=self._run, daemon=True).start()
        return stream

    def close(self, stream: Stream) -> None:
        """Remove a stream."""
        with self._lock:
            self._open.discard(stream)

    def end(self) -> None:
        """End all streams now, and new ones as soon as they open."""
        self._is_over = True
        for stream in list(self._open):
            stream.end()

    def shared(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, or what it has just returned for another stream."""
        mine: Future[Any] = Future()
        future = self._shared.setdefault(key, mine)
        if future is mine:
            try:
                mine.set_result(make())
            except BaseException as error:  # noqa: BLE001 - result() raises it
                mine.set_exception(error)
        return future.result()

    def _run(self) -> None:
        """Poll while streams are open."""
        seen, polls = None, 0
        while self._continues():
            polls += 1
            found = self._poll()
            self._shared = {}
            for stream in list(self._open):
                if polls % CHECK_POLLS == 0 and stream.is_disconnected():
                    stream.end()
                elif found not in (None, seen):
                    stream.wake()
                    let_others_run()
            seen = found or seen

    def _continues(self) -> bool:
        time.sleep(POLL_S)
        with self._lock:
            self._is_polling = bool(self._open)
            if not self._is_polling:
                self._shared = {}
            return self._is_polling
