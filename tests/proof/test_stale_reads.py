"""A read returns every write that ended before it began, by any process, also from the cache."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from time import monotonic

import pytest

from flask_things.db.sqlite.file import sqlite3
from tests.support.server import wait_until

pytestmark = [pytest.mark.sqlite, pytest.mark.slow]

RUN_S = 6
ROWS = 5


def write(file, committed, end):
    """Count up in the text of each row, as another program, and publish the committed number."""
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        while monotonic() < end:
            for row in range(ROWS):
                number = committed[row] + 1
                connection.execute("UPDATE thing SET text = ? WHERE id = ?", [f"{number}", row + 1])
                connection.commit()
                committed[row] = number


def read(server, committed, end):
    """Return the number of reads, and those that are older than a previous commit."""
    count, stale = 0, []
    while monotonic() < end:
        for row in range(ROWS):
            for path in (f"/things/{row + 1}", "/things"):
                least = committed[row]
                body = server.request("GET", path)[2]
                number = int((body[row] if path == "/things" else body)["text"])
                count += 1
                if number < least:
                    stale.append((path, number, least))
    return count, stale


def test_no_read_is_older_than_a_previous_commit_of_another_program(serve, file):
    server = serve(WEB_CONCURRENCY="2")
    server.request("POST", "/things/bulk", [{"text": "0"}] * ROWS)
    context = get_context("spawn")
    committed, end = context.Array("q", ROWS), monotonic() + RUN_S
    writer = context.Process(target=write, args=(str(file), committed, end))
    writer.start()
    wait_until(lambda: committed[0])
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, server, committed, end) for _ in range(4)]
        results = [reader.result() for reader in readers]
    writer.join()
    assert [stale for _, found in results for stale in found] == []
    assert sum(count for count, _ in results) > 100
    assert committed[0] > 20
