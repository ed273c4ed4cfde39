"""Records the route and the timing of each request."""

from collections.abc import Iterable
from time import perf_counter
from typing import Any

from flask import Flask, request

from flask_things.environ import CACHE, ROUTE, SPENT
from flask_things.observability import timing


def init_app(app: Flask) -> None:
    """Add the middleware if the timing is used, before all other middleware."""
    is_exposed = app.config["THINGS_SERVER_TIMING"]
    if is_exposed or app.config["THINGS_METRICS_PORT"]:
        app.url_value_preprocessor(_note_route)
        app.wsgi_app = Timing(app.wsgi_app, is_exposed)  # type: ignore[method-assign]


def _note_route(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    if request.url_rule:
        request.environ[ROUTE] = request.url_rule.rule


class Timing:
    """WSGI middleware that records what a request spends its time on."""

    def __init__(self, app: Any, is_exposed: bool) -> None:
        self._app, self._is_exposed = app, is_exposed

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handle a request."""
        began = perf_counter()
        spent: dict[str, float] = {}
        environ[SPENT] = spent
        timing.SPENT.set(spent)

        def respond(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
            timing_field = server_timing(perf_counter() - began, environ)
            return start_response(status, [*fields, ("Server-Timing", timing_field)], exc_info)

        answer = respond if self._is_exposed else start_response
        return self._app(environ, answer)  # type: ignore[no-any-return]


def server_timing(seconds: float, environ: dict[str, Any]) -> str:
    """Return the Server-Timing value in milliseconds (https://www.w3.org/TR/server-timing/)."""
    metrics = [f"total;dur={seconds * 1000:.3f}"]
    if "database" in environ[SPENT]:
        metrics.append(f"db;dur={environ[SPENT]['database'] * 1000:.3f}")
    if environ.get(CACHE) == "hit":
        metrics.append("cache;desc=hit")
    return ", ".join(metrics)
