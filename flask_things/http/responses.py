"""The response of most operations, made and sent with less work than Werkzeug's."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response


class WholeResponse(Response):
    """A response whose body is known as bytes and whose header fields are complete.

    Otherwise, Werkzeug copies the fields, looks for a Location to complete and prepares to close a
    file.
    """

    def __init__(self, body: bytes, status: int, fields: Mapping[str, str]) -> None:
        super().__init__([body], status, {**fields, "Content-Length": str(len(body))})

    def get_wsgi_response(
        self, environ: dict[str, Any]
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return the body, the status line and the header fields."""
        is_empty = self.status_code in (204, 304) or environ["REQUEST_METHOD"] == "HEAD"
        if is_empty or self._on_close:  # private: the functions of call_on_close()
            return super().get_wsgi_response(environ)
        return self.response, self.status, self.headers.to_wsgi_list()  # type: ignore[return-value]
