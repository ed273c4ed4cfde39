"""How often a client may ask, where THINGS_RATE_LIMIT says so: by its token, or else its address.

With Redis it is counted for all workers and machines together, or else in each worker by itself.
What is left stands in the header (draft-ietf-httpapi-ratelimit-headers).
"""

from math import ceil
from time import time
from typing import Any

from flask import Flask, Response, current_app, request
from limits import RateLimitItem
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from flask_things import access

#: How long to wait for Redis, in seconds; then it is counted here.
REDIS_TIMEOUT_S = 0.5

NAME = "flask_things.ratelimit"


class RateLimit:
    """A limit, and how much of it every client has used."""

    def __init__(self, limit: RateLimitItem, redis_url: str) -> None:
        """Take the limit, and where it is counted."""
        self._limit = limit
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._limiter = self._here
        self._errors: Any = ()
        if redis_url:
            timeouts = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), REDIS_TIMEOUT_S)
            storage: Any = storage_from_string(redis_url, **timeouts)
            self._limiter, self._errors = FixedWindowRateLimiter(storage), storage.base_exceptions

    def count(self, whose: str) -> tuple[bool, int, int]:
        """Count a request; tell if it is within the limit, how many are left and for how long."""
        try:
            return self._count(self._limiter, whose)
        except self._errors as error:
            current_app.logger.warning("Redis: %s", error)
            return self._count(self._here, whose)

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
    """Count the request; raise TooManyRequests (429) if it is over the limit."""
    if limit := current_app.extensions.get(NAME):
        token = access.sent_token()
        whose = f"token {token.id}" if token else f"address {request.remote_addr}"
        is_within, left, seconds = limit.count(whose)
        request.environ[NAME] = f'"default";r={left};t={seconds}'
        if not is_within:
            raise TooManyRequests("Too many requests: wait.", retry_after=seconds)


def tell(response: Response) -> Response:
    """Say what is left, in the header."""
    if NAME in request.environ:
        response.headers["RateLimit-Policy"] = current_app.extensions[NAME].policy
        response.headers["RateLimit"] = request.environ[NAME]
    return response
