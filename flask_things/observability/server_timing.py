"""What is to be seen of a request besides its answer: its route, and where its time went."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any

from flask import Flask, request

from flask_things.environ import CACHE, ROUTE, SPENT
from flask_things.observability import timing


def init_app(app: Flask) -> None:
    """Look at each request, before all else, if there is anybody to tell."""
    tells_client = app.config["THINGS_SERVER_TIMING"]
    if tells_client or app.config["THINGS_METRICS_PORT"]:
        app.url_value_preprocessor(_note_route)
        app.wsgi_app = Sight(app.wsgi_app, tells_client)  # type: ignore[method-assign]


def _note_route(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    if request.url_rule:
        request.environ[ROUTE] = request.url_rule.rule


class Sight:
    """A WSGI application before another, which notes in the environment what is seen."""

    def __init__(self, app: Any, tells_client: bool) -> None:
        """Take the application, and whether its clients get a Server-Timing."""
        self._app, self._tells_client = app, tells_client

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        began = perf_counter()
        spent: dict[str, float] = {}
        environ[SPENT] = spent
        timing.SPENT.set(spent)

        def respond(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
            told = server_timing(perf_counter() - began, environ)
            return start_response(status, [*fields, ("Server-Timing", told)], exc_info)

        answer = respond if self._tells_client else start_response
        return self._app(environ, answer)  # type: ignore[no-any-return]


def server_timing(seconds: float, environ: dict[str, Any]) -> str:
    """Return the field's value (https://www.w3.org/TR/server-timing/): milliseconds."""
    metrics = [f"total;dur={seconds * 1000:.3f}"]
    if "database" in environ[SPENT]:
        metrics.append(f"db;dur={environ[SPENT]['database'] * 1000:.3f}")
    if environ.get(CACHE) == "hit":
        metrics.append("cache;desc=hit")
    return ", ".join(metrics)
