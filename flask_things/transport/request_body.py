"""The body of a request on a connection."""

from collections.abc import Callable
from typing import Any


class Reader:
    """gunicorn's body reader with a callback at the end of the body."""

    def __init__(self, reader: Any, at_end: Callable[[], None]) -> None:
        self._reader, self._at_end = reader, at_end

    def read(self, size: int) -> bytes:
        """Return the next part of the body, or b"" at the end."""
        data: bytes = self._reader.read(size)
        if not data:
            self._at_end()
        return data


def has_body(request: Any) -> bool:
    """Return whether the request has a body."""
    return any(
        name == "TRANSFER-ENCODING" or (name == "CONTENT-LENGTH" and int(value))
        for name, value in request.headers
    )
