"""Whom to believe on a network: by which names we are called, which proxies, which web pages."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.exceptions import BadRequest
from werkzeug.middleware.proxy_fix import ProxyFix

#: By these names only this machine calls us: a health check, for one. (Werkzeug cannot be given an
#: IPv6 address: it takes what is before the first colon.)
LOOPBACK = ("localhost", "127.0.0.1")

#: What a web page of a named origin may send and see, besides what every page may.
CORS_RULES: dict[str, Any] = {
    "allow_headers": [
        *("Authorization", "Content-Type", "Idempotency-Key"),
        *("If-Match", "If-None-Match", "X-Request-ID"),
    ],
    "expose_headers": [
        *("Accept-Encoding", "Accept-Patch", "Allow", "ETag", "Idempotency-Replayed", "Link"),
        *("Location", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate"),
        *("X-Request-ID", "X-Total-Count"),
    ],
    "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    "max_age": 600,  # seconds
    "always_send": False,
    "vary_header": False,  # which it leaves out where there is one origin
}


def init_app(app: Flask) -> None:
    """Set up what the settings name; nothing is believed without them."""
    if hosts := app.config["THINGS_TRUSTED_HOSTS"]:
        app.config["TRUSTED_HOSTS"] = [*hosts, *LOOPBACK]  # which Flask checks: 400
    app.before_request(_want_host)
    if origins := app.config["THINGS_CORS_ORIGINS"]:
        CORS(app, origins=origins, **CORS_RULES)
        app.after_request(_vary)
    if proxies := app.config["THINGS_TRUSTED_PROXIES"]:
        app.wsgi_app = Proxied(app.wsgi_app, proxies)  # type: ignore[method-assign]


def _want_host() -> None:
    protocol = request.environ.get("SERVER_PROTOCOL")
    if protocol == "HTTP/1.1" and "HTTP_HOST" not in request.environ:
        raise BadRequest("HTTP/1.1 wants a Host (RFC 9112).")


def _vary(response: Response) -> Response:
    response.vary.add("Origin")
    return response


class Proxied:
    """A WSGI application that takes from a listed proxy who its client is, and from nobody else."""

    def __init__(self, app: Any, proxies: Iterable[IPv4Network | IPv6Network]) -> None:
        """Take the application, and the networks of the proxies."""
        self._app, self._told = app, ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._proxies = list(proxies)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        app = self._told if self._is_listed(environ["REMOTE_ADDR"]) else self._app
        return app(environ, start_response)

    def _is_listed(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:  # a socket in the file system has no address
            return False
        return any(address in network for network in self._proxies)
