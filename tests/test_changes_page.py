"""What docs/changes.md promises: its program, through kills and restores."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from http.client import HTTPException
from urllib.request import urlopen

import pytest

from tests.support.pages import PAGES, blocks
from tests.support.server import request, wait_until

PAGE = PAGES["changes.md"]
FOLLOWER, WAIT = blocks("python", PAGE)
BY_EVENTS = FOLLOWER.replace("    time.sleep(1)\n", WAIT)

#: How long the program may take to catch up, in seconds.
PATIENCE_S = 30


def test_the_program_has_20_lines():
    assert len([line for line in FOLLOWER.splitlines() if line]) <= 20
    assert FOLLOWER.count("    time.sleep(1)\n") == 1


@pytest.fixture
def follow(tmp_path):
    """Return a function that starts the program and kills the previous one."""
    running = []

    def start(server, program=FOLLOWER):
        kill(running)
        (tmp_path / "follow.py").write_text(program)
        command = [sys.executable, "follow.py", f"http://127.0.0.1:{server.port}", "copy.sqlite3"]
        running.append(subprocess.Popen(command, cwd=tmp_path))

    yield start
    kill(running)


def kill(running):
    """Kill processes, as a power failure does, and empty the list."""
    while running:
        process = running.pop()
        process.kill()
        process.wait()


@pytest.fixture
def copy(tmp_path):
    """Return a function that reads the program's copy of things by id."""

    def read():
        with closing(sqlite3.connect(tmp_path / "copy.sqlite3", timeout=20)) as connection:
            rows = connection.execute("SELECT json FROM thing WHERE id > 0 ORDER BY id").fetchall()
        return [json.loads(text) for (text,) in rows]

    return read


def equals(server, copy):
    """Return the condition that the copy equals the service."""

    def is_equal():
        with suppress(sqlite3.OperationalError):  # it has not started
            return copy() == things(server)

    return is_equal


def things(server):
    """Return all things of a server."""
    url = f"http://127.0.0.1:{server.port}/things.ndjson"
    with urlopen(url, timeout=20) as response:
        return [json.loads(line) for line in response]


class Writer(threading.Thread):
    """Writes until it is stopped, even while the server is down."""

    def __init__(self, port):
        super().__init__()
        self._port, self._stopped = port, threading.Event()

    def run(self):
        """Create, change and delete."""
        number = 0
        while not self._stopped.wait(0.005):
            number += 1
            with suppress(OSError, HTTPException, KeyError):  # it was killed, or is starting
                made = request(self._port, "POST", "/things", {"text": f"{number}\n"})[2]["id"]
                request(
                    self._port, "PUT", f"/things/{made - number % 7}", {"text": f"new {number}"}
                )
                request(self._port, "DELETE", f"/things/{made - number % 5}")

    def stop(self):
        """Stop writing."""
        self._stopped.set()
        self.join()


def highest_id(copy):
    """Return the highest id in the copy, or 0."""
    with suppress(sqlite3.OperationalError):
        return max((thing["id"] for thing in copy()), default=0)
    return 0


@pytest.mark.sqlite
@pytest.mark.parametrize("program", [FOLLOWER, BY_EVENTS], ids=["polls", "events"])
def test_the_copy_equals_the_service_in_spite_of_kills(serve, follow, copy, program):
    server = serve()
    server.request("POST", "/things/bulk", [{"text": f"{n}"} for n in range(500)])
    writers = [Writer(server.port) for _ in range(2)]
    for writer in writers:
        writer.start()
    for _ in range(2):
        for _ in range(2):
            before = highest_id(copy)
            follow(server, program)
            wait_until(lambda before=before: highest_id(copy) > before, PATIENCE_S)
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server = serve(PORT=str(server.port))
    for writer in writers:
        writer.stop()
    wait_until(equals(server, copy), PATIENCE_S)
    assert len(copy()) > 500


@pytest.mark.sqlite
def test_the_copy_follows_a_restored_backup(serve, runner, follow, copy, tmp_path):
    server, backup = serve(), str(tmp_path / "backup")
    server.request("POST", "/things/bulk", [{"text": "kept"}, {"text": "kept, too"}])
    assert runner.invoke(args=["things", "backup", backup]).exit_code == 0
    server.request("POST", "/things", {"text": "lost"})
    server.request("DELETE", "/things/1")
    follow(server)
    wait_until(equals(server, copy), PATIENCE_S)
    assert runner.invoke(args=["things", "restore", "--force", backup]).exit_code == 0
    wait_until(equals(server, copy), PATIENCE_S)
    assert [thing["text"] for thing in copy()] == ["kept", "kept, too"]
