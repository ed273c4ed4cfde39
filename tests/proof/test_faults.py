"""A database file that is deleted or replaced under the running server, and restarts after it."""

import os
import shutil
import signal
from contextlib import closing

import pytest

from flask_things.db.sqlite.file import sqlite3
from flask_things.db.sqlite.files import beside
from tests.support.server import Server

pytestmark = pytest.mark.sqlite

READS = ("/things/1", "/things", "/things?q=stays", "/things?total=true", "/things.csv")


@pytest.fixture
def start(serve):
    """Return a function that starts a server with a short wait."""
    return lambda **others: serve(WEB_CONCURRENCY="2", THINGS_BUSY_TIMEOUT_MS="200", **others)


def post(server, text="stays"):
    """Return the status of a post."""
    return server.request("POST", "/things", {"text": text})[0]


def statuses(server, *paths):
    """Return the statuses of repeated reads from all workers."""
    return {server.request("GET", path)[0] for path in paths * 5}


def kill(server):
    """Kill all processes of a server."""
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


def is_sound(file):
    """Return whether SQLite finds no damage."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


FAULTS = {
    "cut off": lambda file: file.touch(),
    "gone": lambda file: None,
    "another": lambda file: shutil.copy(file.with_name("away"), file),  # SQLite would use the WAL
    "a directory": lambda file: file.mkdir(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_without_its_file_a_server_is_503_until_it_is_back(start, file, fault):
    """Whether or not it has opened the file for writing and has cached responses."""
    server = start()
    lose_and_return(server, file, fault)
    assert statuses(server, *READS) == {200}
    lose_and_return(server, file, fault)
    assert len(server.request("GET", "/things")[2]) == 20


def lose_and_return(server, file, fault):
    """Remove the file, check the responses without it, put it back, and post 10 things."""
    file.rename(file.with_name("away"))
    FAULTS[fault](file)
    before = file.read_bytes() if file.is_file() else sorted(file.parent.iterdir())
    assert statuses(server, *READS, "/readyz") == {503}
    assert {post(server) for _ in range(10)} == {503}
    assert statuses(server, "/healthz") == {200}
    after = file.read_bytes() if file.is_file() else sorted(file.parent.iterdir())
    assert after == before
    if fault == "a directory":
        file.rmdir()
    file.with_name("away").rename(file)
    assert statuses(server, "/things", "/readyz") == {200}
    assert {post(server) for _ in range(10)} == {201}


@pytest.mark.parametrize("end", [kill, Server.stop])
def test_a_restart_without_the_file_makes_a_new_one(start, file, end):
    """The WAL of the old file remains. It would overwrite pages of the new one."""
    server = start()
    assert {post(server, f"old {n}" + "x" * 300) for n in range(30)} == {201}
    file.unlink()
    end(server)
    server = start()
    assert server.request("GET", "/things")[2] == []
    assert post(server) == 201
    assert is_sound(file)
    assert len(list(file.parent.glob("*-wal-*"))) == 1


@pytest.mark.parametrize("end", [kill, Server.stop])
def test_a_restart_after_a_replacement_uses_the_new_file(start, file, end):
    """Nothing of the old file's WAL gets into it."""
    server = start()
    assert {post(server, f"old {n}" + "x" * 300) for n in range(30)} == {201}
    new = file.parent / "new.sqlite3"
    other = start(THINGS_DATABASE_URL=f"sqlite:///{new}")
    assert {post(other, f"new {n}") for n in range(5)} == {201}
    other.stop()
    new.replace(file)
    end(server)
    server = start()
    assert [thing["text"] for thing in server.request("GET", "/things")[2]] == [
        f"new {n}" for n in range(5)
    ]
    assert post(server) == 201
    assert is_sound(file)


def test_a_stop_after_a_replacement_does_not_touch_the_new_file(start, file):
    """With another WAL the next program would not see these writes, and overwrite them."""
    server = start()
    assert post(server) == 201
    for ending in ("", "-wal", "-shm"):
        beside(file, ending).rename(beside(file, f".old{ending}"))  # as a restore does
    other = start()
    assert post(other, "new") == 201
    server.stop()
    assert post(other, "newer") == 201
    assert [thing["text"] for thing in start().request("GET", "/things")[2]] == ["new", "newer"]
