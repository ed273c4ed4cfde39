"""Where the time of a request goes, as far as somebody asks: see sight.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

#: What the request has spent so far: seconds, by what for. None where nobody asks.
SPENT: ContextVar[dict[str, float] | None] = ContextVar("SPENT", default=None)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Add the seconds of a block to what the request has spent, but for what is timed within."""
    spent = SPENT.get()
    if spent is None:
        yield
        return
    began, before = perf_counter(), sum(spent.values())
    try:
        yield
    finally:
        within = sum(spent.values()) - before
        spent[what] = spent.get(what, 0.0) + perf_counter() - began - within
