"""The body of a request on a connection: whether there is one, and its end."""

from collections.abc import Callable
from typing import Any


class Reader:
    """What gunicorn reads a body with, with something to do at its end."""

    def __init__(self, reader: Any, at_end: Callable[[], None]) -> None:
        """Take gunicorn's own reader."""
        self._reader, self._at_end = reader, at_end

    def read(self, size: int) -> bytes:
        r"""Return the next part of the body, and b"" at its end."""
        data: bytes = self._reader.read(size)
        if not data:
            self._at_end()
        return data


def has_body(request: Any) -> bool:
    """Tell whether a body follows the header of a request."""
    return any(
        name == "TRANSFER-ENCODING" or (name == "CONTENT-LENGTH" and int(value))
        for name, value in request.headers
    )
