"""Measures where the time of a request goes, if server_timing.py enables it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from time import perf_counter

#: The seconds that the request has spent so far, by activity. None if nothing is measured.
SPENT: ContextVar[dict[str, float] | None] = ContextVar("SPENT", default=None)

UNTIMED = nullcontext()


def timed(activity: str) -> AbstractContextManager[None]:
    """Add the duration of a block to the request's timing, without nested timed blocks."""
    spent = SPENT.get()
    return UNTIMED if spent is None else _timed(activity, spent)


@contextmanager
def _timed(activity: str, spent: dict[str, float]) -> Iterator[None]:
    began, before = perf_counter(), sum(spent.values())
    try:
        yield
    finally:
        within = sum(spent.values()) - before
        spent[activity] = spent.get(activity, 0.0) + perf_counter() - began - within
