"""Limits the requests of each client, by its token or else its address (THINGS_RATE_LIMIT).

With Redis all workers and machines count together, otherwise each worker counts by itself. What is
left is in the response's header (draft-ietf-httpapi-ratelimit-headers).
"""

from ipaddress import IPv6Address
from math import ceil
from threading import Lock
from time import time
from typing import Any

from flask import Flask, Response, current_app, request
from limits import RateLimitItem
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from flask_things.security import authentication
from flask_things.setting_values import ip

#: How long to wait for Redis, in seconds; then it is counted here.
REDIS_TIMEOUT_S = 0.5

NAME = "flask_things.ratelimit"


class RateLimit:
    """A limit, and how much of it every client has used."""

    def __init__(self, limit: RateLimitItem, redis_url: str) -> None:
        self._limit = limit
        self._lock = Lock()
        self._memory: FixedWindowRateLimiter | None = None
        self._redis: FixedWindowRateLimiter | None = None
        self._errors: Any = ()
        if redis_url:
            timeouts = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), REDIS_TIMEOUT_S)
            storage: Any = storage_from_string(redis_url, **timeouts)
            self._redis, self._errors = FixedWindowRateLimiter(storage), storage.base_exceptions

    def count(self, whose: str) -> tuple[bool, int, int]:
        """Count a request; tell if it is within the limit, how many are left and for how long."""
        try:
            return self._count(self._redis or self._in_memory(), whose)
        except self._errors as error:
            current_app.logger.warning("Redis: %s", error)
            return self._count(self._in_memory(), whose)

    def _in_memory(self) -> FixedWindowRateLimiter:
        """Return this worker's own counts: they start a thread, which does not survive a fork."""
        with self._lock:
            if self._memory is None:
                self._memory = FixedWindowRateLimiter(MemoryStorage())
            return self._memory

    def _count(self, limiter: FixedWindowRateLimiter, whose: str) -> tuple[bool, int, int]:
        is_within = limiter.hit(self._limit, whose)
        reset_at, left = limiter.get_window_stats(self._limit, whose)
        return is_within, left, max(ceil(reset_at - time()), 1)

    @property
    def policy(self) -> str:
        """What the limit is, as a header field has it."""
        return f'"default";q={self._limit.amount};w={self._limit.get_expiry()}'


def init_app(app: Flask) -> None:
    """Set the limit, if there is one."""
    if limit := app.config["THINGS_RATE_LIMIT"]:
        app.extensions[NAME] = RateLimit(limit, app.config["THINGS_REDIS_URL"])


def check() -> None:
    """Count the request, unless it is OPTIONS. Raises TooManyRequests (429) over the limit."""
    limit = current_app.extensions.get(NAME)
    if limit and request.method != "OPTIONS":  # a preflight carries no token, and costs nothing
        is_within, left, seconds = limit.count(_client())
        request.environ[NAME] = f'"default";r={left};t={seconds}'
        if not is_within:
            raise TooManyRequests("Too many requests: wait.", retry_after=seconds)


def _client() -> str:
    """Return who is counted: a token, an address, or the /64 that an IPv6 client has to itself."""
    if token := authentication.sent_token():
        return f"token {token.id}"
    address = ip(request.remote_addr or "")
    if isinstance(address, IPv6Address):
        return f"network {int(address) >> 64}"
    return f"address {address}"


def tell(response: Response) -> Response:
    """Add the header fields that tell what is left."""
    if NAME in request.environ:
        response.headers["RateLimit-Policy"] = current_app.extensions[NAME].policy
        response.headers["RateLimit"] = request.environ[NAME]
    return response
