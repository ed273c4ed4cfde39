"""The page that says what was measured."""

from benchmarks import tables
from benchmarks.figures import Results

PAGE = """\
# Benchmarks

How many requests a second flask-things serves, next to others that do the same.

![Requests a second of every system](benchmarks.svg)

**flask-things divided by the peer**, at 8 / 64 connections. Above 1, flask-things serves more.

{ratios}

✓ reaches its target, ✗ misses it at 8 connections or at 64. † Some requests were refused.

The worst latency, at 8 / 64 connections, and what 1 000 000 things take:

{others}

## What is missed

{missed}

## Method

{date}, {cores} cores ({processor}), which wrk {wrk} shares with the system that it asks. Each
runs for real, with two worker processes where it can, on a fresh copy of a database of 100 000
things. One at a time gets load, in turns, {seconds} s each in {rounds} rounds; numbers are medians
of the rounds, and ratios are of one run. Each answer was checked before, and what is refused does
not count. After a power cut PocketBase can lack the last writes, as it ships, and nobody else.
Bare gunicorn sends constant bytes under flask-things' own server settings. Bare Flask is a route
with one `sqlite3` statement and one `json.dumps` under the same: no checks, no document, no ETag,
no times, no search, no history. [systems.py](../benchmarks/systems.py) says how each is started.
`make bench` measures it and writes this page. [benchmarks.json](benchmarks.json) has every round:
versions, latencies, processor time, memory, deep pages, search, and what the journal costs.
"""


def render(results: Results) -> str:
    """Return the page."""
    return PAGE.format(
        **results["environment"],
        ratios=tables.ratios(results),
        others=tables.others(results),
        missed=tables.missed(results),
    )
