"""A client's connection with timeouts for headers, bodies and responses."""

from contextlib import suppress
from errno import EBADF
from functools import partial
from socket import SHUT_RD, SHUT_WR
from time import monotonic
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders
from werkzeug.exceptions import RequestTimeout

from flask_things.transport.request_body import Reader, has_body
from flask_things.transport.sender import SEND_TIMEOUT_S, Sender
from flask_things.turns import SLICE_S, wait_for_turn

#: The largest header of a request, in bytes. It is nginx's default; gunicorn limits each line.
HEADER_MAX_BYTES = 32 * 1024

#: The timeouts for the header and the body of a request, in seconds. A bulk of 16 MiB needs 5
#: Mbit/s.
HEADER_TIMEOUT_S = 15
BODY_TIMEOUT_S = 30

#: How long a connection stays open while a rejected body may still arrive, in seconds, so that the
#: client can read the response.
LINGER_S = 5

#: How much is received at once, in bytes.
PIECE_BYTES = 64 * 1024

#: gunicorn reads 8 192 bytes if it does not know the length. A chunked body can have 1 365 chunks
#: in them, which take 6 microseconds each, so less is read at once.
UNKNOWN_BYTES, FEW_BYTES = 8192, 2048


class Connection:
    """A gevent socket with timeouts. All other attributes are those of the socket."""

    def __init__(self, client: Any) -> None:
        """Wrap a socket from which nothing has been read yet."""
        self._client = client
        self._sender = Sender(client)
        self.sendall = self._sender.sendall
        self._request: Any = None
        self._is_refused = False
        #: Whether no request has been read from it yet.
        self.is_new = True
        #: Whether the client may still be sending data that nobody will read.
        self.must_linger = False
        self._set_timeout("", HEADER_TIMEOUT_S)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the socket."""
        return getattr(self._client, name)

    def _set_timeout(self, part: str, seconds: float) -> None:
        """Start the timeout for the next part of a request, or for the next request ("")."""
        self._part, self._limit_s = part, seconds
        self._since = self._slice_since = monotonic()
        self._received_bytes = 0

    def recv(self, size: int) -> bytes:
        """Return received data, or b"" at the end or if no request arrives in time.

        Raises RequestTimeout (408) if a request that has started is too slow, and
        LimitRequestHeaders (431) if its header is too long.
        """
        if self._part and monotonic() - self._slice_since > SLICE_S:
            wait_for_turn()  # gevent does not switch while there is always something to read
            self._slice_since = monotonic()
        if self._part == "header" and self._received_bytes >= HEADER_MAX_BYTES:
            raise LimitRequestHeaders(f"The header is over the limit of {HEADER_MAX_BYTES} bytes.")
        if self._part == "body" and size <= UNKNOWN_BYTES:
            size = min(size, FEW_BYTES)
        data = self._receive(min(size, PIECE_BYTES))
        if data is None and self._part:
            raise RequestTimeout(f"The {self._part} took longer than {self._limit_s} seconds.")
        if data and not self._part:
            self._set_timeout("header", HEADER_TIMEOUT_S)
        self._received_bytes += len(data or b"")
        return data or b""

    def _receive(self, size: int) -> bytes | None:
        """Return received data, or None after the timeout."""
        left_s = self._since + self._limit_s - monotonic()
        if left_s <= 0:  # also if a byte arrives every time
            return None
        self._client.settimeout(left_s)
        try:
            return self._client.recv(size)  # type: ignore[no-any-return]
        except TimeoutError:
            return None
        except OSError as error:
            if error.errno != EBADF or not self._is_refused:
                raise
            # What arrived before the shutdown.
            return self._client.recv(size)  # type: ignore[no-any-return]
        finally:
            self._client.settimeout(SEND_TIMEOUT_S)

    def begin(self, request: Any) -> None:
        """Start to handle a request whose header has been read."""
        self._request, self.is_new = request, False
        self._sender.begin(request.method)
        if has_body(request):
            # Where the next request starts is unknown until this body is read.
            self.must_linger, to_close = True, request.must_close
            request.force_close()
            at_end = partial(self._take_next, request, to_close)
            request.body.reader = Reader(request.body.reader, at_end)
        self._set_timeout("body", BODY_TIMEOUT_S)

    def _take_next(self, request: Any, to_close: bool) -> None:
        """Allow another request after one whose body was read completely."""
        self.must_linger = False
        request.must_close = to_close or self._is_refused

    def end(self, keepalive_s: float) -> None:
        """Wait for the next request."""
        self._sender.end()
        self._request = None
        self._set_timeout("", keepalive_s)
        if self._is_refused:
            self.refuse()

    def wait_for_body(self) -> None:
        """Restart the timeout of the body."""
        self._set_timeout("body", BODY_TIMEOUT_S)

    def stop_reading(self) -> None:
        """Stop reading the current body."""
        self._is_refused = True
        with suppress(OSError):
            self._client.shutdown(SHUT_RD)

    @property
    def is_answering(self) -> bool:
        """Whether a request has been read but not answered."""
        return self._request is not None

    @property
    def is_idle(self) -> bool:
        """Whether it only waits for another request."""
        return not (self.is_new or self._part or self._is_refused)

    @property
    def phase_s(self) -> float:
        """How long the current phase has lasted, in seconds: waiting, reading or answering."""
        return monotonic() - self._since

    def refuse(self) -> None:
        """Accept no request after the current one."""
        self._is_refused = True
        if self._request:
            self._request.force_close()  # adds Connection: close, unless the response has started
        else:
            self.stop_reading()

    def close(self) -> None:
        """Close the connection after the client has had time to read the response.

        Closing with unread data would discard the response (RFC 9112, section 9.6).
        """
        if self.must_linger:
            self.must_linger = False
            self._set_timeout("", LINGER_S)
            with suppress(OSError):
                self._client.shutdown(SHUT_WR)
                while self._receive(PIECE_BYTES):
                    wait_for_turn()
        self._client.close()
