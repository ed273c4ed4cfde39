"""The response cache: a GET is served from memory until its rows change.

Each request first reads the version of the database. If it has changed, the journal lists the
changed rows, and the responses that depend on them are dropped. So no response is older than the
last commit before its request began, in any process. PostgreSQL has no such version, so nothing is
cached.
"""

from collections.abc import Callable, Hashable, Iterable
from functools import wraps
from math import inf
from threading import Lock
from time import time
from typing import Any

from flask import Flask, request

from flask_things.db.backend import Backend
from flask_things.db.session import backend_of, db
from flask_things.environ import CACHE, KEPT_UNTIL, ROUTE, SOURCE, TOKEN_NAME
from flask_things.http.cache_store import Answer, Key, Store
from flask_things.http.compression import coding

#: The parts of the WSGI environment that a cached response may depend on.
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
    "HTTP_LAST_EVENT_ID",
)

#: The header fields in Vary that the key of a response covers.
VARY = {"Origin", "Accept-Encoding"}


def init_app(app: Flask) -> None:
    """Add the cache to the application."""
    with app.app_context():
        app.wsgi_app = Cache(app.wsgi_app, backend_of(db.session))  # type: ignore[method-assign]


def kept(table: str | None = None, parameter: str | None = None) -> Callable[[Any], Any]:
    """Cache the responses of a GET, which may depend only on VARIES and the database.

    Name the table if they depend on one table only, and the path parameter with the id if they
    depend on one row only.
    """

    def decorate(view: Any) -> Any:
        @wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:
            environ = request.environ
            environ[CACHE] = "miss"
            if table:
                environ[SOURCE] = table, kwargs[parameter] if parameter else None
            return view(*args, **kwargs)

        return answer

    return decorate


class Cache:
    """WSGI middleware that serves cached responses."""

    def __init__(self, app: Any, backend: Backend) -> None:
        self._app, self._backend = app, backend
        self._lock = Lock()
        self._store = Store()
        self._version: Hashable = None
        self._position = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handle a request."""
        version = self._look() if environ["REQUEST_METHOD"] in ("GET", "HEAD") else None
        if version is None:
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        accepted = coding(environ.get("HTTP_ACCEPT_ENCODING"))
        key = (*map(environ.get, VARIES), accepted)
        answer = self._store.get(key)
        if answer is None or answer.good_until <= time():
            return self._ask(environ, start_response, version, key)
        environ.update(answer.noted)
        environ[CACHE] = "hit"
        start_response(answer.status, answer.fields)
        return [answer.body]

    def _look(self) -> Hashable:
        """Drop outdated responses, and return the version of the database."""
        version = self._backend.version()
        if version is None or version == self._version:
            return version
        with self._lock:
            changes = self._backend.changes(self._position)
            if changes is None:
                return None
            self._store.drop(changes.rows)
            self._version, self._position = changes.version, changes.position
            return changes.version

    def _ask(
        self, environ: dict[str, Any], start_response: Any, version: Hashable, key: Key
    ) -> Iterable[bytes]:
        """Call the application, and cache its response if possible."""
        if not self._store.admits(key):
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        answered: list[Any] = []

        def note(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answered[:] = status, fields
            return start_response(status, fields, exc_info)

        parts = self._app(environ, note)
        status, fields = answered
        vary = {one for name, value in fields if name == "Vary" for one in value.split(", ")} - VARY
        if CACHE not in environ or not status.startswith(("200", "304")) or vary:
            return parts  # type: ignore[no-any-return]
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        noted = {name: environ[name] for name in (ROUTE, TOKEN_NAME) if name in environ}
        answer = Answer(
            status, fields, body, environ.get(KEPT_UNTIL, inf), noted, environ.get(SOURCE)
        )
        with self._lock:
            if self._version == version:  # otherwise the response may be outdated
                self._store.keep(key, answer)
        return [body]
