"""Proof of the storage: what clients observe is legal, while workers and servers are killed."""

import os
import random
import signal
import time
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import make_url

from flask_things.db.sqlite.file import sqlite3
from tests.proof.checker import violations
from tests.proof.history import Recorder, record
from tests.support.server import free_port, wait_until

RUN_S = 12
CLIENTS = 8

#: The limit from a kill of the server until the next one is ready, as a multiple of a start with
#: nothing to recover a moment before, when the machine was as busy.
OUTAGE_MAX = 2

#: The range of pauses between kills, in seconds.
PAUSE_S = (0.2, 0.9)


@pytest.fixture
def start(serve, environ):
    """Return a function that restarts the server on the same port."""
    port = str(free_port())
    return lambda: serve(**environ, PORT=port, WEB_CONCURRENCY="4")


@pytest.fixture
def start_elsewhere(serve, environ, tmp_path):
    """Return a function that measures the start of a server with a new database, in seconds."""
    number = count()

    def started_elsewhere():
        url = f"sqlite:///{tmp_path}/{next(number)}.db"
        began = time.monotonic()
        kill(serve(**environ | {"THINGS_DATABASE_URL": url}, WEB_CONCURRENCY="4"))
        return time.monotonic() - began

    return started_elsewhere


def kill(server):
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


def outage(server, start, start_elsewhere):
    """Kill a server and start the next. Return it, and the outage divided by another start."""
    usual_s = start_elsewhere()
    killed = time.monotonic()
    kill(server)
    server = start()
    return server, (time.monotonic() - killed) / max(1, usual_s)


def kill_while(clients, server, start, start_elsewhere):
    """Kill workers, and sometimes a whole server, until the clients end.

    Return the last server, its outages as outage() measures them and the number of killed workers.
    """
    chance, outages, workers = random.Random(0), [], 0  # noqa: S311
    while wait(clients, chance.uniform(*PAUSE_S), FIRST_EXCEPTION).not_done:
        if chance.random() < 0.3:
            server, multiple = outage(server, start, start_elsewhere)
            outages.append(multiple)
        elif alive := server.workers():
            os.kill(chance.choice(alive), signal.SIGKILL)
            workers += 1
    return server, outages, workers


def damage(url):
    """Return the damage that SQLite finds, or nothing on PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return []
    connection = sqlite3.connect(url.database)
    try:
        return [row for row in connection.execute("PRAGMA integrity_check") if row != ("ok",)]
    finally:
        connection.close()


@pytest.mark.skipif(
    not Path("/proc/self/task").exists() and "CI" not in os.environ,
    reason="there is no /proc to read",
)
def test_no_kill_loses_brings_back_or_doubles_anything(start, start_elsewhere, environ):
    """The last list comes from a server that was started after the last kill."""
    server = start()
    with ProcessPoolExecutor(CLIENTS, get_context("spawn")) as pool:
        end = time.monotonic() + RUN_S
        clients = [pool.submit(record, server.port, number, end) for number in range(CLIENTS)]
        wait_until(lambda: len(server.request("GET", "/things")[2]) >= CLIENTS)
        server, outages, workers = kill_while(clients, server, start, start_elsewhere)
        history = [done for client in clients for done in client.result()]
    server, multiple = outage(server, start, start_elsewhere)
    last = Recorder(server.port, CLIENTS).do("LIST", limit=1000)
    assert (last.status, last.low) == (200, 1)
    assert violations([*history, last]) == []
    assert max([*outages, multiple]) < OUTAGE_MAX
    server.stop()
    assert damage(make_url(environ["THINGS_DATABASE_URL"])) == []
    unanswered = sum(done.status is None for done in history)
    assert min(workers, len(outages), unanswered) > 0
