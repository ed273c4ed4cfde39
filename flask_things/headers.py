"""The header fields that every response carries."""

import re
import uuid

from flask import Flask, Response, request

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

#: Their description in the OpenAPI document.
DOCUMENTED = {
    "Content-Security-Policy": {
        "description": "Shown as a page it may do nothing. What /docs may do is more.",
        "schema": {"type": "string"},
    },
    "X-Request-ID": {
        "description": "The request's own id, if it sent a usable one, or a new one.",
        "schema": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$", "maxLength": 128},
    },
    "X-Content-Type-Options": {
        "description": "The content type is what it says.",
        "schema": {"type": "string", "const": "nosniff"},
    },
}


def common(asked_id: str = "") -> dict[str, str]:
    """Return the fields; `asked_id` is the id that the client gave the request."""
    request_id = asked_id if REQUEST_ID.fullmatch(asked_id) else uuid.uuid4().hex
    return {
        "X-Request-ID": request_id,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }


def init_app(app: Flask) -> None:
    """Put the fields on every response."""
    app.after_request(_complete)


def _complete(response: Response) -> Response:
    for name, value in common(request.headers.get("X-Request-ID", "")).items():
        response.headers.setdefault(name, value)
    if response.status_code == 204:
        del response.headers["Content-Type"]  # there is no content to have a type
    return response
