"""Turns every exception into a problem document (RFC 9457)."""

from collections.abc import Iterable, Sequence
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug import Response
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from flask_things.db.backend import Unavailable
from flask_things.db.errors import (
    Conflict,
    Gone,
    Invalid,
    NotFound,
    is_away,
    is_full,
    is_not_writable,
)
from flask_things.db.ids import NoIdLeft
from flask_things.db.session import backend_of, db
from flask_things.http.error_locations import Error, errors_of

#: The most errors in one response, so that a hostile body does not get a larger response.
ERRORS_MAX = 100

MEDIA_TYPE = "application/problem+json"

#: The Retry-After of a 503, in seconds.
RETRY_AFTER_S = 1

#: RFC 9110's phrases. Python before 3.13 has older ones.
RENAMED = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

DISK_FULL = "The disk is full. Nothing was changed."

DATABASE_AWAY = "The database is busy, unavailable or not up to date. Try again later."

#: The statuses of our own exceptions.
STATUSES: dict[type[Exception], int] = {
    NotFound: 404,
    Gone: 410,
    NoIdLeft: 507,
}


def title(status: int) -> str:
    """Return RFC 9110's phrase for a status."""
    return RENAMED.get(status) or HTTPStatus(status).phrase


def document(status: int, detail: str | None, errors: Sequence[Error] = ()) -> dict[str, Any]:
    """Return a problem document."""
    members = {"detail": detail, "errors": errors}
    return {"type": "about:blank", "title": title(status), "status": status} | {
        name: value for name, value in members.items() if value
    }


def answer(
    status: int,
    detail: str | None,
    errors: Sequence[Error] = (),
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """Return a response with a problem document."""
    body = current_app.json.dumps(document(status, detail, errors)) + "\n"
    return Response(body, status, [*headers], content_type=MEDIA_TYPE)


def http_problem(error: HTTPException) -> Response:
    """Return the problem for an HTTPException, with its header fields (Allow, Retry-After …).

    `error.data` has the arguments of webargs' and flask-smorest's `abort(status, message=…,
    messages=…, headers=…)`.
    """
    data = getattr(error, "data", {})
    errors = list(errors_of(data.get("messages", {})))
    detail = data.get("message") or (_summary(errors) if errors else error.description)
    headers = [*error.get_headers(), *(data.get("headers") or {}).items()]
    # a bulk call lists each missing row
    listed = errors if error.code == 404 else errors[:ERRORS_MAX]
    return answer(error.code or 500, detail, listed, headers)


def field_problem(error: Invalid | Conflict, status: int) -> Response:
    """Return the problem for invalid values in a body."""
    [messages] = error.args
    if isinstance(messages, str):
        return answer(status, messages)
    errors = list(errors_of({"json": messages}))
    return answer(status, _summary(errors), errors[:ERRORS_MAX])


def _summary(errors: Sequence[Error]) -> str:
    return f"The request has {len(errors)} invalid field{'s' if len(errors) > 1 else ''}."


def our_problem(error: Exception, status: int) -> Response:
    """Return the problem for one of our own exceptions."""
    return answer(status, str(error))


def database_problem(error: SQLAlchemyError | Unavailable) -> Response:
    """Return the problem for a database error: 507 if the disk is full, 503 if it is unavailable.

    Any other error is a bug and is raised again (500).
    """
    if not (is_full(error) or is_away(error)):
        raise error
    if is_not_writable(error) and (why := backend_of(db.session).why_read_only()):
        warn_once(why)
    else:
        current_app.logger.error(getattr(error, "orig", error))
    return answer(507, DISK_FULL) if is_full(error) else http_problem(away())


@cache
def warn_once(message: str) -> None:
    """Log a warning once per process, or once for all workers if it was logged before the fork."""
    current_app.logger.warning(message)


def away() -> HTTPException:
    """Return the exception (503) for a database that is busy or unavailable."""
    return ServiceUnavailable(DATABASE_AWAY, retry_after=RETRY_AFTER_S)


def init_app(app: Flask) -> None:
    """Register the error handlers. flask-smorest's Api registers the one for HTTPException."""
    for kind, status in STATUSES.items():
        app.register_error_handler(kind, partial(our_problem, status=status))
    for kind, status in ((Invalid, 422), (Conflict, 409)):
        app.register_error_handler(kind, partial(field_problem, status=status))
    for kind in (SQLAlchemyError, Unavailable):
        app.register_error_handler(kind, database_problem)
    app.after_request(_as_problem)


def _as_problem(response: Response) -> Response:
    """Replace an error response that a view returned (not raised) by a problem."""
    if response.status_code < 400 or response.content_type == MEDIA_TYPE:
        return response
    response.close()  # it may have a file open
    return answer(response.status_code, None)
