"""The page that says what was measured."""

from benchmarks import journal, tables
from benchmarks.figures import Results

PAGE = """\
# Benchmarks

Written by `make bench` from [benchmarks.json](benchmarks.json); no number here is written by hand.

{date}, on {cores} cores ({processor}), which wrk shares with the system that it asks. Every system
runs for real, with two worker processes where it can, on a fresh copy of its database. Only one of
them gets load at a time, in turns, {seconds} s each in {rounds} rounds, after a second to warm up.
wrk {wrk} keeps 8 or 64 connections. Each answer was checked before it was measured. What is
refused (a status of 400 and above) does not count as served; where there is some, there is a †.

Numbers are medians, with the range from the lowest round to the highest. What is given as a ratio
is **flask-things divided by the peer**, in the same run.

![Requests a second of every system](benchmarks.svg)

## Targets

Durability is as shipped: after a power cut PocketBase can lack the last writes, and nobody else.

{targets}

## Requests a second

Above 1, flask-things serves more. Durability is as shipped, see above.

{per_second}

## The 99th percentile of the time to an answer

Below 1, flask-things is faster. What is refused counts here.

{p99}

## Processor seconds for 1 000 requests

Below 1, flask-things takes less.

{cpu}

## A million things

How long flask-things takes for a page of 100 of 1 000 000 things, next to one of the first pages.
Each request is for another place, so that none is remembered.

{million}{journal}

## Memory and start

Memory is that of the largest worker process, as a load ended, and the largest of all loads. PSS
counts in parts what processes share. A start is from exec to the first answer; it is done with a
database that is there.

{memory}

## Errors

{errors}

## The systems

{systems}

## wrk

How much of a core wrk took (near 1 it would be wrk that is measured), and the share of the busiest
worker in what all workers did (0.50 where two did the same, 1.00 where one had every connection).

{client}
"""


def render(results: Results) -> str:
    """Return the page."""
    return PAGE.format(
        **results["environment"],
        targets=tables.targets_of(results),
        per_second=tables.compared(results, "per_second"),
        p99=tables.compared(results, "p99_ms"),
        cpu=tables.compared(results, "cpu_seconds_per_1000"),
        million=tables.million(results),
        journal=journal.section(results),
        memory=tables.memory(results),
        errors=tables.errors_of(results),
        systems=tables.systems(results),
        client=tables.client(results),
    )
