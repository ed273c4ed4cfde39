"""Copies kept by polling and by events equal the service, in spite of writes and kills."""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, suppress
from http.client import HTTPException
from pathlib import Path

import psycopg
import pytest

from flask_things.db.sqlite.file import sqlite3
from tests.proof.followers import EventCopy, PolledCopy
from tests.support.server import free_port, lets_in, request, wait_until

RUN_S, WRITERS = 10, 4

#: The range of pauses between kills, in seconds.
PAUSE_S = (0.3, 1.2)

#: The statements of another program.
STATEMENTS = [
    "INSERT INTO thing (text) VALUES ('outside')",
    "UPDATE thing SET text = 'changed outside' WHERE id % 7 = {}",
    "DELETE FROM thing WHERE id % 11 = {}",
]


def write(port, number, end):
    """Create, change and delete things for some time, and return the number of operations."""
    chance, known, done = random.Random(number), [], 0  # noqa: S311
    while time.monotonic() < end:
        method = chance.choice(["POST", "PUT", "PUT", "DELETE", "restore"]) if known else "POST"
        path = "/things" if method == "POST" else f"/things/{chance.choice(known)}"
        body = {"text": f"{number} {chance.random()}"} if method in ("POST", "PUT") else None
        if method == "restore":
            method, path = "POST", f"{path}/restore"
        with suppress(OSError, HTTPException, ValueError):
            status, _, answer = request(port, method, path, body)
            assert status in (200, 201, 204, 404, 503), (status, answer)
            done += status < 300
            if status == 201:
                known.append(answer["id"])
    return done


def write_outside(url, end):
    """Write as another program does for some time, and return the number of operations."""
    chance, done = random.Random(0), 0  # noqa: S311
    while time.monotonic() < end:
        statement = chance.choice(STATEMENTS).format(chance.randrange(7))
        with (
            suppress(sqlite3.OperationalError, psycopg.OperationalError),
            closing(connect(url)) as c,
        ):
            c.execute(statement)
            c.commit()
            done += 1
        time.sleep(0.02)
    return done


def connect(url):
    """Return a connection to a database, outside the application."""
    path = url.removeprefix("sqlite:///")
    return psycopg.connect(url) if path == url else sqlite3.connect(path, timeout=5)


def kill_while(writers, server, start):
    """Kill workers, and sometimes the master, until the writers end. Return the last server."""
    chance, kills = random.Random(0), 0  # noqa: S311
    while wait(writers, chance.uniform(*PAUSE_S)).not_done:
        kills += 1
        if kills % 4 == 0:
            server.process.kill()
            server.process.wait()
            wait_until(lambda: not lets_in(server))  # noqa: B023 - its workers have noticed
            server = start()
        elif workers := server.workers():
            os.kill(chance.choice(workers), signal.SIGKILL)
    assert kills > 3
    return server


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/task").exists() and "CI" not in os.environ,
    reason="there is no /proc to read",
)
def test_copies_equal_the_service_in_spite_of_writes_and_kills(serve, environ):
    port = str(free_port())
    server = serve(PORT=port, WEB_CONCURRENCY="2")
    with ExitStack() as stack:
        kinds = (PolledCopy, EventCopy) * 2
        copies = [stack.enter_context(kind(server.port)) for kind in kinds]
        server = write_and_kill(server, environ, lambda: serve(PORT=port, WEB_CONCURRENCY="2"))
        expected = {one["id"]: one for one in every_thing(server)}
        wait_until(lambda: all(copy.things == expected for copy in copies))
    assert [copy.errors for copy in copies] == [[]] * len(copies)
    assert min(copy.breaks for copy in copies) > 0


def write_and_kill(server, environ, start):
    """Run writers while processes are killed, and return the last server."""
    end = time.monotonic() + RUN_S
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        writers = [pool.submit(write, server.port, number, end) for number in range(WRITERS)]
        writers.append(pool.submit(write_outside, environ["THINGS_DATABASE_URL"], end))
        server = kill_while(writers, server, start)
        assert all(writer.result() > 0 for writer in writers)
    return server


def every_thing(server):
    """Return all things."""
    things = server.request("GET", "/things?limit=1000")[2]
    assert len(things) < 1000
    return things
