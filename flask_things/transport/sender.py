"""Sends responses: a small one at once, and a large one for as long as its client keeps reading."""

from errno import EPIPE
from time import monotonic
from typing import Any

from flask_things.transport.downloads import DOWNLOADS

#: How long a client may stop reading a response, in seconds. An export holds a database connection
#: until then.
SEND_TIMEOUT_S = 30

#: The minimum rate for a large response after that, in bytes per second. It stays in memory until
#: it is sent.
SEND_BYTES_PER_S = 64 * 1024

#: How much is sent at once, in bytes.
PIECE_BYTES = 64 * 1024


class Sender:
    """Sends what gunicorn writes: the header of a response, and then its body.

    The header waits for the first part of the body, which gunicorn writes right after it: to send
    both takes less than half as long as to send one after the other.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._header = b""
        self._awaits_header = self._may_have_body = False

    def begin(self, method: str) -> None:
        """Expect the response to a request with this method."""
        self._awaits_header, self._may_have_body = True, method != "HEAD"

    def end(self) -> None:
        """Send what still waits: the header of a response that has no body. Raises OSError."""
        self._awaits_header = False
        if self._header:
            self.sendall(b"")

    def sendall(self, data: bytes) -> None:
        """Send a header or a part of a body.

        Raises BrokenPipeError, as if the client were gone, if it reads too slowly.
        """
        if self._awaits_header:
            self._awaits_header = False
            if self._may_have_body and data[9:12] not in (b"204", b"304"):
                self._header = data
                return
        header, self._header = self._header, b""
        try:
            if len(data) > PIECE_BYTES:
                with DOWNLOADS.sending(data):
                    self._client.sendall(header)
                    self._send(data, monotonic() + SEND_TIMEOUT_S + len(data) / SEND_BYTES_PER_S)
            else:
                self._client.sendall(header + data)
        except (TimeoutError, BlockingIOError) as error:
            raise BrokenPipeError(EPIPE, "The client does not read its response.") from error

    def _send(self, data: bytes, end: float) -> None:
        rest = memoryview(data)
        try:
            while rest:
                self._client.settimeout(min(SEND_TIMEOUT_S, max(end - monotonic(), 0)))
                rest = rest[self._client.send(rest[:PIECE_BYTES]) :]
        finally:
            self._client.settimeout(SEND_TIMEOUT_S)
