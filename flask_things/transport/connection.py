"""A client's connection: what does not come in time is not waited for, nor taken for a request."""

import time
from contextlib import suppress
from errno import EBADF, EPIPE
from functools import partial
from socket import SHUT_RD, SHUT_WR
from time import monotonic
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders
from werkzeug.exceptions import RequestTimeout

from flask_things.transport.downloads import DOWNLOADS
from flask_things.transport.request_body import Reader, has_body
from flask_things.turns import SLICE_S, TURN_S, let_others_go_on

#: The largest header of a request in all, in bytes: what nginx takes. gunicorn limits each line.
HEADER_MAX_BYTES = 32 * 1024

#: How long the header of a request may take in all, and its body, in seconds: a 16 MiB bulk comes
#: in time over 5 Mbit/s.
HEADER_TIMEOUT_S = 15
BODY_TIMEOUT_S = 30

#: How long a client may take nothing of its answer, in seconds: until then an export holds a
#: connection to the database.
SEND_TIMEOUT_S = 30

#: How fast it has to take a large one after that, in bytes per second: it is in memory until then.
SEND_BYTES_PER_S = 64 * 1024

#: How long a connection is kept on which a refused body may still come, in seconds, so that its
#: client gets to read why.
LINGER_S = 5

#: How much is received or sent at once, in bytes.
PIECE_BYTES = 64 * 1024

#: gunicorn asks for 8 192 bytes when it does not know how much will come. A chunked body can have
#: 1 365 chunks in them, of 6 microseconds each, so that less is received then.
UNKNOWN_BYTES, FEW_BYTES = 8192, 2048


class Connection:
    """A socket of gevent's, with an end to waiting. Whatever else it can do it does as before."""

    def __init__(self, client: Any) -> None:
        """Take the socket, on which nothing has come yet."""
        self._client = client
        self._request: Any = None
        self._is_refused = False
        #: Whether no request has been read from it yet.
        self.is_new = True
        #: Whether the client may be sending what nobody will read.
        self.must_linger = False
        self._allow("", HEADER_TIMEOUT_S)

    def __getattr__(self, name: str) -> Any:
        """Return what the socket has."""
        return getattr(self._client, name)

    def _allow(self, part: str, seconds: float) -> None:
        """Set the time for what comes next: a part of a request, or anything at all."""
        self._part, self._limit_s = part, seconds
        self._since = self._slice_since = monotonic()
        self._received_bytes = 0

    def recv(self, size: int) -> bytes:
        r"""Return what has come, or b"" where nothing more will, or nothing at all came in time.

        Raises RequestTimeout (408) when the time of a request that has begun is over, and
        LimitRequestHeaders (431) when its header is too long.
        """
        if self._part and monotonic() - self._slice_since > SLICE_S:
            let_others_go_on()  # gevent itself would not while there is always something to read
            self._slice_since = monotonic()
        if self._part == "header" and self._received_bytes >= HEADER_MAX_BYTES:
            raise LimitRequestHeaders(f"The header is over the limit of {HEADER_MAX_BYTES} bytes.")
        if self._part == "body" and size <= UNKNOWN_BYTES:
            size = min(size, FEW_BYTES)
        data = self._receive(min(size, PIECE_BYTES))
        if data is None and self._part:
            raise RequestTimeout(f"The {self._part} took longer than {self._limit_s} seconds.")
        if data and not self._part:
            self._allow("header", HEADER_TIMEOUT_S)
        self._received_bytes += len(data or b"")
        return data or b""

    def _receive(self, size: int) -> bytes | None:
        """Return what has come, or None when the time is over."""
        left_s = self._since + self._limit_s - monotonic()
        if left_s <= 0:  # also where there always is another byte
            return None
        self._client.settimeout(left_s)
        try:
            return self._client.recv(size)  # type: ignore[no-any-return]
        except TimeoutError:
            return None
        except OSError as error:
            if error.errno != EBADF or not self._is_refused:
                raise
            return self._client.recv(size)  # type: ignore[no-any-return]  # what came until then
        finally:
            self._client.settimeout(SEND_TIMEOUT_S)

    def sendall(self, data: bytes) -> None:
        """Send all of it, for as long as the client goes on taking it, and is not too slow.

        Raises BrokenPipeError, as if the client were gone, where it does not.
        """
        try:
            if len(data) > PIECE_BYTES:
                with DOWNLOADS.sending(data):
                    self._send(data, monotonic() + SEND_TIMEOUT_S + len(data) / SEND_BYTES_PER_S)
            else:
                self._client.sendall(data)
        except (TimeoutError, BlockingIOError) as error:
            raise BrokenPipeError(EPIPE, "The client does not take its answer.") from error

    def _send(self, data: bytes, end: float) -> None:
        rest = memoryview(data)
        try:
            while rest:
                self._client.settimeout(min(SEND_TIMEOUT_S, max(end - monotonic(), 0)))
                rest = rest[self._client.send(rest[:PIECE_BYTES]) :]
        finally:
            self._client.settimeout(SEND_TIMEOUT_S)

    def begin(self, request: Any) -> None:
        """Answer a request from now on, whose header has been read."""
        self._request, self.is_new = request, False
        if has_body(request):
            # Until it is read, it is not certain where the next request begins.
            self.must_linger, to_close = True, request.must_close
            request.force_close()
            at_end = partial(self._take_next, request, to_close)
            request.body.reader = Reader(request.body.reader, at_end)
        self._allow("body", BODY_TIMEOUT_S)

    def _take_next(self, request: Any, to_close: bool) -> None:
        """Let another request come after one whose body has been read to its end."""
        self.must_linger = False
        request.must_close = to_close or self._is_refused

    def end(self, keepalive_s: float) -> None:
        """Wait for the next request from now on."""
        self._request = None
        self._allow("", keepalive_s)
        if self._is_refused:
            self.refuse()

    def wait_for_body(self) -> None:
        """Give a body its time from now on."""
        self._allow("body", BODY_TIMEOUT_S)

    def stop_reading(self) -> None:
        """Let the body that is being read end here."""
        self._is_refused = True
        with suppress(OSError):
            self._client.shutdown(SHUT_RD)

    @property
    def is_answering(self) -> bool:
        """Whether a request has been read and is not answered yet."""
        return self._request is not None

    @property
    def is_idle(self) -> bool:
        """Whether it is kept for a next request only."""
        return not (self.is_new or self._part or self._is_refused)

    @property
    def phase_s(self) -> float:
        """For how long it has been waiting, reading a header or answering, whichever it does."""
        return monotonic() - self._since

    def refuse(self) -> None:
        """Take no request any more but the one whose header has been read."""
        self._is_refused = True
        if self._request:
            self._request.force_close()  # the answer says so, unless it has begun
        else:
            self.stop_reading()

    def close(self) -> None:
        """Close it, when the client has had the time to read its answer.

        To close what has not been read would take the answer back (RFC 9112, section 9.6).
        """
        if self.must_linger:
            self.must_linger = False
            self._allow("", LINGER_S)
            with suppress(OSError):
                self._client.shutdown(SHUT_WR)
                while self._receive(PIECE_BYTES):
                    time.sleep(TURN_S)
        self._client.close()
