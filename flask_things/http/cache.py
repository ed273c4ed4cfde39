"""Answers kept in memory: a GET costs next to nothing until anybody writes.

An answer is kept for one version of the database, which is looked at before each request. So none
is ever older than the last commit before its request began, whoever made it: there is no expiry,
and nothing to invalidate. Where the database cannot tell its version (PostgreSQL), none is kept.
"""

from collections.abc import Hashable, Iterable
from contextlib import closing
from functools import wraps
from math import inf
from threading import Lock
from time import time
from typing import Any

from flask import Flask, request

from flask_things.db.backend import Backend
from flask_things.db.session import backend_of, db
from flask_things.environ import CACHE, KEPT_UNTIL, ROUTE, TOKEN_NAME
from flask_things.http import headers

#: What a worker keeps of answers at most, in bytes: the newest of one version of the database.
CACHE_MAX_BYTES = 6 * 1024 * 1024

#: What an answer may depend on: these of the WSGI environment, and the database.
VARIES = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "HTTP_HOST",
    "HTTP_ACCEPT",
    "HTTP_ORIGIN",
    "HTTP_AUTHORIZATION",
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
)

#: The longest key of an answer that is kept, in characters. A URL has up to 4 094, by gunicorn's
#: limit; nobody repeats a request with header fields that are much longer.
LONGEST_KEY = 8192

#: What an answer takes besides the texts of its key, its header and its body, in bytes, about.
ENTRY_BYTES = 1024

#: The values of VARIES.
Key = tuple[str | None, ...]

Answer = tuple[str, list[tuple[str, str]], bytes, float, dict[str, Any]]


def init_app(app: Flask) -> None:
    """Put a cache before the application."""
    with app.app_context():
        app.wsgi_app = Cache(app.wsgi_app, backend_of(db.session))  # type: ignore[method-assign]


def kept(view: Any) -> Any:
    """Let the answers of a GET be kept. They may depend on what VARIES has, and on the database."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        request.environ[CACHE] = "miss"
        return view(*args, **kwargs)

    return answer


class Cache:
    """A WSGI application before another, whose answers it gives again while they are good."""

    def __init__(self, app: Any, backend: Backend) -> None:
        """Take the application, and the database that its answers depend on."""
        self._app, self._backend = app, backend
        self._lock = Lock()
        self._kept: tuple[Hashable, dict[Key, Answer]] = (None, {})
        self._bytes = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        version = self._backend.version() if environ["REQUEST_METHOD"] in ("GET", "HEAD") else None
        if version is None:
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        key = tuple(environ.get(name) for name in VARIES)
        kept_for, answers = self._kept
        if kept_for != version or key not in answers or answers[key][3] <= time():
            return self._ask(environ, start_response, version, key)
        status, fields, body, _, noted = answers[key]
        environ.update(noted)
        environ[CACHE] = "hit"
        common = headers.common(environ.get("HTTP_X_REQUEST_ID", ""))
        start_response(status, [*fields, *common.items()])
        return [body]

    def _ask(
        self, environ: dict[str, Any], start_response: Any, version: Hashable, key: Key
    ) -> Iterable[bytes]:
        """Let the application answer, and keep that, if it may be, for the version before it."""
        answered: list[Any] = []

        def note(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answered[:] = status, fields
            return start_response(status, fields, exc_info)

        parts = self._app(environ, note)
        status, fields = answered
        vary = [value for name, value in fields if name == "Vary" and value != "Origin"]
        if CACHE not in environ or not status.startswith(("200", "304")) or vary:
            return parts  # type: ignore[no-any-return]
        with closing(parts):
            body = b"".join(parts)
        own = [field for field in fields if field[0] not in headers.DOCUMENTED]
        noted = {name: environ[name] for name in (ROUTE, TOKEN_NAME) if name in environ}
        self._keep(version, key, (status, own, body, environ.get(KEPT_UNTIL, inf), noted))
        return [body]

    def _keep(self, version: Hashable, key: Key, answer: Answer) -> None:
        size = _size(key, answer)
        with self._lock:
            if self._kept[0] != version:
                self._kept, self._bytes = (version, {}), 0
            answers = self._kept[1]
            if key in answers or size > CACHE_MAX_BYTES or _characters(key) > LONGEST_KEY:
                return
            while self._bytes + size > CACHE_MAX_BYTES:
                oldest = next(iter(answers))
                self._bytes -= _size(oldest, answers.pop(oldest))
            answers[key] = answer
            self._bytes += size


def _size(key: Key, answer: Answer) -> int:
    """Return how many bytes an answer takes with its key, about."""
    _, fields, body, *_ = answer
    header = sum(len(name) + len(value) for name, value in fields)
    return ENTRY_BYTES + _characters(key) + header + len(body)


def _characters(key: Key) -> int:
    return sum(len(part) for part in key if part)
