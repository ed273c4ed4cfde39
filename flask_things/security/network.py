"""Trusted hosts, proxies and CORS origins."""

import re
import socket
from collections.abc import Iterable, Sequence
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from time import monotonic
from typing import Any

from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_things.setting_values import PREFIX, host_name, ip

#: The names of this machine. They are always accepted.
LOOPBACK = ("localhost", "127.0.0.1", "::1")

#: The blueprint that accepts any Host, because probes call a service by its address.
PROBES = "health"

#: An address with a port, as some proxies write it: 203.0.113.9:4711 or [2001:db8::1]:4711.
ADDRESS_AND_PORT = re.compile(r"\[(.+)\](?::\d*)?|([\d.]+):\d*")

#: The header fields that a proxy sets, as WSGI environ keys.
FORWARDED = [f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PREFIX")]

#: How long a proxy's resolved addresses are used, in seconds. A container's address may change.
NAMES_S = 5

#: What pages of the listed origins may send and read, in addition to the CORS defaults.
CORS_RULES: dict[str, Any] = {
    "allow_headers": [
        *("Authorization", "Content-Type", "Idempotency-Key"),
        *("If-Match", "If-None-Match", "Last-Event-ID", "X-Request-ID"),
    ],
    "expose_headers": [
        *("Accept-Encoding", "Accept-Patch", "Allow", "Content-Disposition", "Content-Encoding"),
        *("ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit", "RateLimit-Policy"),
        *("Retry-After", "Vary", "WWW-Authenticate", "X-Request-ID", "X-Total-Count"),
    ],
    "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    "max_age": 600,  # seconds
    "always_send": False,
    "vary_header": False,  # with a single origin flask-cors would leave it out
}


def init_app(app: Flask) -> None:
    """Apply the network settings. By default nothing is trusted."""
    app.before_request(partial(_check_address, app.config["THINGS_TRUSTED_HOSTS"]))
    if origins := app.config["THINGS_CORS_ORIGINS"]:
        CORS(app, origins=origins, **CORS_RULES)
        app.after_request(_vary)
    if proxies := app.config["THINGS_TRUSTED_PROXIES"]:
        app.wsgi_app = Proxied(app.wsgi_app, proxies)  # type: ignore[method-assign]


def _check_address(hosts: Sequence[str]) -> None:
    """Raise BadRequest (400) for an untrusted Host, NotFound (404) outside the prefix."""
    environ = request.environ
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "HTTP_HOST" not in environ:
        raise BadRequest("HTTP/1.1 requires a Host (RFC 9112).")
    if hosts and request.blueprint != PROBES and not _is_one_of([*hosts, *LOOPBACK]):
        raise BadRequest("The Host is not one of THINGS_TRUSTED_HOSTS.")
    if environ["PATH_INFO"][:1] not in ("", "/"):  # such as /apis with the prefix /api
        raise NotFound


def _is_one_of(hosts: Iterable[str]) -> bool:
    name = host_name(re.sub(r":\d+$", "", request.host))
    return any(name == host or (host[0] == "." and f".{name}".endswith(host)) for host in hosts)


def _vary(response: Response) -> Response:
    response.vary.add("Origin")
    return response


class Proxied:
    """WSGI middleware that applies X-Forwarded-* header fields from trusted proxies only.

    Of several values it uses the last one, which the trusted proxy added.
    """

    def __init__(self, app: Any, proxies: Iterable[IPv4Network | IPv6Network | str]) -> None:
        self._app, self._proxied_app = app, ProxyFix(app, x_for=0, x_proto=1, x_host=1)
        self._names = [one for one in proxies if isinstance(one, str)]
        self._networks = [one for one in proxies if not isinstance(one, str)]
        self._named: set[IPv4Address | IPv6Address | None] = set()
        self._named_until = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handle a request."""
        is_forwarded = any(field in environ for field in FORWARDED)
        if not (is_forwarded and self._is_trusted(environ["REMOTE_ADDR"])):
            return self._app(environ, start_response)  # type: ignore[no-any-return]
        if client := _client(_last(environ, "FOR")):
            environ["REMOTE_ADDR"] = client
        if PREFIX.fullmatch(prefix := _last(environ, "PREFIX").rstrip("/")):
            environ["SCRIPT_NAME"] = prefix
        return self._proxied_app(environ, start_response)

    def _is_trusted(self, peer: str) -> bool:
        address = ip(peer)
        if address is None:  # a Unix socket
            return False
        return any(address in network for network in self._networks) or address in self._by_name()

    def _by_name(self) -> set[IPv4Address | IPv6Address | None]:
        """Return the addresses of the proxies that are listed by name."""
        if self._names and monotonic() > self._named_until:
            self._named = {address for name in self._names for address in _addresses(name)}
            self._named_until = monotonic() + NAMES_S
        return self._named


def _addresses(name: str) -> set[IPv4Address | IPv6Address | None]:
    try:
        return {ip(str(found[4][0])) for found in socket.getaddrinfo(name, None)}
    except OSError:  # the name does not exist, as while its container is replaced
        return set()


def _last(environ: dict[str, Any], name: str) -> str:
    return str(environ.get(f"HTTP_X_FORWARDED_{name}", "").rpartition(",")[2].strip())


def _client(forwarded_for: str) -> str | None:
    """Return the address in a value of X-Forwarded-For, or None if it is not an address."""
    value = forwarded_for.strip('"')
    with_port = ADDRESS_AND_PORT.fullmatch(value)
    address = ip(with_port[1] or with_port[2] if with_port else value)
    return str(address) if address else None
