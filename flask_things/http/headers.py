"""The header fields that every response carries."""

import logging
import re
import uuid

from flask import Flask, Response, has_request_context, request

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

#: The name in the environment of the request's id.
ID = "flask_things.request_id"

#: What may be done by an answer that is shown as a page; /docs may do more.
POLICY = "default-src 'none'; frame-ancestors 'none'"

#: Their description in the OpenAPI document.
DOCUMENTED = {
    "Content-Security-Policy": {
        "description": "Shown as a page it may do nothing.",
        "schema": {"type": "string", "const": POLICY},
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
        "Content-Security-Policy": POLICY,
    }


def init_app(app: Flask) -> None:
    """Put the fields on every response, and the id before what is logged of a request."""
    app.after_request(_complete)
    app.logger.addFilter(_name_request)


def _request_id() -> str:
    environ = request.environ
    if ID not in environ:
        environ[ID] = common(request.headers.get("X-Request-ID", ""))["X-Request-ID"]
    return environ[ID]  # type: ignore[no-any-return]


def _name_request(record: logging.LogRecord) -> bool:
    if has_request_context():
        record.msg = f"request {_request_id()}: {record.msg}"
    return True


def _complete(response: Response) -> Response:
    for name, value in common(_request_id()).items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if response.status_code == 204:
        del response.headers["Content-Type"]  # there is no content to have a type
    return response
