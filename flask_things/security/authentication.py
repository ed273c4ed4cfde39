"""Bearer tokens (RFC 6750), required as THINGS_AUTH sets it."""

from collections.abc import Callable
from math import inf
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_httpauth import HTTPTokenAuth
from sqlalchemy import Row
from werkzeug import Response as AnyResponse

from flask_things.db.session import db
from flask_things.environ import KEPT_UNTIL, KEY_OWNER, TOKEN_NAME
from flask_things.http import problems
from flask_things.security.tokens import find_token

REALM = "flask-things"
READS = ("GET", "HEAD", "OPTIONS")
WRITER = "writer"

DETAILS = {
    401: "A valid token is required: Authorization: Bearer <token>.",
    403: "The token is read-only.",
}

#: The error codes of RFC 6750, section 3.1, for requests that sent a token.
ERRORS = {401: "invalid_token", 403: "insufficient_scope"}

auth = HTTPTokenAuth("Bearer", REALM)


@auth.verify_token
def _known(_sent: str) -> Row[Any] | None:
    token = sent_token()
    if token:
        request.environ[TOKEN_NAME] = token.name
        request.environ[KEY_OWNER] = f"token {token.id} "
        request.environ[KEPT_UNTIL] = token.expires_at.timestamp() if token.expires_at else inf
    return token


def sent_token() -> Row[Any] | None:
    """Return the request's token, or None if it is missing, invalid or not checked."""
    if "token" not in g:
        sent = auth.get_auth() if _is_checked() else None
        g.token = find_token(db.session, sent.token) if sent and sent.token else None
    return g.token  # type: ignore[no-any-return]


@auth.get_user_roles
def _roles(token: Row[Any]) -> list[str]:
    return [] if token.read_only else [WRITER]


@auth.error_handler
def _refused(status: int) -> AnyResponse:
    error = f', error="{ERRORS[status]}"' if "Authorization" in request.headers else ""
    challenge = ("WWW-Authenticate", f'Bearer realm="{REALM}"{error}')
    return problems.answer(status, DETAILS[status], headers=[challenge])


@auth.login_required
def _check_reader() -> None:
    pass


@auth.login_required(role=WRITER)
def _check_writer() -> None:
    pass


def check() -> Any:
    """Return a 401 or 403 response if the request is not allowed, otherwise None.

    A token that is sent is checked even where none is required.
    """
    if not _is_checked():
        return None
    return (_check_reader if request.method in READS else _check_writer)()


def recheck(app: Flask) -> Callable[[], bool]:
    """Return a function that tells whether the current request's token is still valid.

    It returns True for a request that was allowed without a token.
    """
    sent = auth.get_auth() if sent_token() else None

    def is_good() -> bool:
        if not sent:
            return True
        with app.app_context():
            return find_token(db.session, sent.token) is not None

    return is_good


def keep_private(response: Response) -> Response:
    """Keep shared caches from storing the response to a request whose token was checked."""
    if _is_checked() and response.cache_control.no_cache:
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _is_checked() -> bool:
    mode = current_app.config["THINGS_AUTH"]
    if mode == "write" and request.method in READS:
        return "Authorization" in request.headers
    return mode != "off" and request.method != "OPTIONS"  # browsers send preflights without a token
