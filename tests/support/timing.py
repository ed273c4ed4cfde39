"""Durations, for tests that compare them with a limit."""

import time

import pytest

#: Marks tests with a time limit, which are run up to three times. A machine may stand still for a
#: moment; a fault fails each time.
measures_time = pytest.mark.flaky(reruns=2, only_rerun="AssertionError")

#: How long a response may take on a busy machine, in seconds, while something else takes several
#: times as long.
LIMIT_S = 1


def reading_time(server, seconds):
    """Read for some seconds, and return the duration of the slowest read."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        assert server.request("GET", "/things")[0] == 200
        times.append(time.monotonic() - began)
    return max(times)
