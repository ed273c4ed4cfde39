"""The header fields of every response."""

import logging
import os
import re
from collections.abc import Iterable
from typing import Any

from flask import Flask, has_request_context, request

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

#: The environ key of the header fields for this request's response.
FIELDS = "flask_things.fields"

#: Blocks all active content if a response is shown as a page. /docs has its own policy.
POLICY = "default-src 'none'; frame-ancestors 'none'"

#: Their documentation in the OpenAPI document.
DOCUMENTED = {
    "Content-Security-Policy": {
        "description": "Blocks all active content in a browser.",
        "schema": {"type": "string", "const": POLICY},
    },
    "X-Request-ID": {
        "description": "The id of the request in the server's log. A client may send its own.",
        "schema": {
            "type": "string",
            "pattern": f"^{REQUEST_ID.pattern}$",
            "maxLength": 128,
            "examples": ["9f4fd5a82c1d4b0e8f573c0e3f1b0c55"],
        },
    },
    "X-Content-Type-Options": {
        "description": "Stops browsers from guessing another content type.",
        "schema": {"type": "string", "const": "nosniff"},
    },
}


def common(asked_id: str = "") -> dict[str, str]:
    """Return the header fields. `asked_id` is the request id that the client sent."""
    request_id = asked_id if REQUEST_ID.fullmatch(asked_id) else os.urandom(16).hex()
    return {
        "X-Request-ID": request_id,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
    }


class Headers:
    """WSGI middleware that adds the common header fields to every response."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handle a request."""
        fields = environ[FIELDS] = common(environ.get("HTTP_X_REQUEST_ID", ""))

        def respond(status: str, own: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if status.startswith("204"):  # a 204 has no content
                own = [field for field in own if field[0] != "Content-Type"]
            present = {name.lower() for name, _ in own}
            missing = [field for field in fields.items() if field[0].lower() not in present]
            return start_response(status, own + missing, exc_info)

        return self._app(environ, respond)  # type: ignore[no-any-return]


def init_app(app: Flask) -> None:
    """Add the fields to every response, and the request id to log messages."""
    app.wsgi_app = Headers(app.wsgi_app)  # type: ignore[method-assign]
    app.logger.addFilter(_name_request)


def _name_request(record: logging.LogRecord) -> bool:
    if has_request_context() and (fields := request.environ.get(FIELDS)):
        record.msg = f"request {fields['X-Request-ID']}: {record.msg}"
    return True
