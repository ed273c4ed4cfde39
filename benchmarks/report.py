"""The page docs/benchmarks.md."""

from benchmarks import tables
from benchmarks.figures import Results

PAGE = """\
# Benchmarks

How many requests per second flask-things serves, compared with its peers.

![Requests per second of every system](benchmarks.svg)

Requests per second of **flask-things divided by those of the peer**, at 8 / 64 connections. Above
1, flask-things is faster.

{ratios}

✓ reaches its target, ✗ misses it at 8 or 64 connections. † Some requests failed.

The other targets; the latency is the worst one of all loads, at 8 / 64 connections:

{others}

## Why targets are missed

{missed}

## Method

`make bench` measured this on {date} and wrote this page. The machine has {cores} cores
({processor}), which the systems share with the load generator, wrk {wrk}. Each system is a real
server with two worker processes, if it has such, and a fresh copy of a database of 100 000 things.
One system at a time gets load, in turns of {seconds} s, for {rounds} rounds. Numbers are medians of
the rounds, and ratios compare medians of the same run. Responses are checked before a load; failed
requests do not count. PocketBase, by its defaults, can lose its last writes in a power cut; the
others cannot. Bare gunicorn returns constant bytes, and bare Flask is a route with one `sqlite3`
statement and one `json.dumps`, both under the server settings of flask-things: no validation, ETag,
times, search or history. [systems.py](../benchmarks/systems.py) has the commands, and
[benchmarks.json](benchmarks.json) every round: versions, latencies, processor time, memory, deep
pages, searches, and the cost of the journal.
"""


def render(results: Results) -> str:
    """Return the page."""
    return PAGE.format(
        **results["environment"],
        ratios=tables.ratios(results),
        others=tables.others(results),
        missed=tables.missed(results),
    )
