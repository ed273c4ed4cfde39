"""Rate limits per client, which is a token or else an address (THINGS_RATE_LIMIT).

With Redis all workers and machines share the counts; without it each worker has its own. The
response headers show the remaining requests (draft-ietf-httpapi-ratelimit-headers).
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

#: The timeout of Redis, in seconds. After it the worker uses its own counts.
REDIS_TIMEOUT_S = 0.5

NAME = "flask_things.ratelimit"


class RateLimit:
    """A limit and the counts of all clients."""

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

    def count(self, client: str) -> tuple[bool, int, int]:
        """Count a request. Return whether it is allowed, how many are left, and for how long."""
        try:
            return self._count(self._redis or self._in_memory(), client)
        except self._errors as error:
            current_app.logger.warning("Redis: %s", error)
            return self._count(self._in_memory(), client)

    def _in_memory(self) -> FixedWindowRateLimiter:
        """Return this worker's counts. They start a thread, which would not survive a fork."""
        with self._lock:
            if self._memory is None:
                self._memory = FixedWindowRateLimiter(MemoryStorage())
            return self._memory

    def _count(self, limiter: FixedWindowRateLimiter, client: str) -> tuple[bool, int, int]:
        is_within = limiter.hit(self._limit, client)
        reset_at, left = limiter.get_window_stats(self._limit, client)
        return is_within, left, max(ceil(reset_at - time()), 1)

    @property
    def policy(self) -> str:
        """The limit as the RateLimit-Policy header field."""
        return f'"default";q={self._limit.amount};w={self._limit.get_expiry()}'


def init_app(app: Flask) -> None:
    """Set up the rate limit, if one is configured."""
    if limit := app.config["THINGS_RATE_LIMIT"]:
        app.extensions[NAME] = RateLimit(limit, app.config["THINGS_REDIS_URL"])


def check() -> None:
    """Count the request, except OPTIONS. Raises TooManyRequests (429) over the limit."""
    limit = current_app.extensions.get(NAME)
    if limit and request.method != "OPTIONS":  # a preflight has no token and costs nothing
        is_within, left, seconds = limit.count(_client())
        request.environ[NAME] = f'"default";r={left};t={seconds}'
        if not is_within:
            detail = "Too many requests. Wait for Retry-After seconds."
            raise TooManyRequests(detail, retry_after=seconds)


def _client() -> str:
    """Return the client: its token, its address, or the /64 network of an IPv6 address."""
    if token := authentication.sent_token():
        return f"token {token.id}"
    address = ip(request.remote_addr or "")
    if isinstance(address, IPv6Address):
        return f"network {int(address) >> 64}"
    return f"address {address}"


def add_headers(response: Response) -> Response:
    """Add the RateLimit header fields."""
    if NAME in request.environ:
        response.headers["RateLimit-Policy"] = current_app.extensions[NAME].policy
        response.headers["RateLimit"] = request.environ[NAME]
    return response
