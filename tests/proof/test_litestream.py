"""Litestream beside the server: its replica can be restored."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

from flask_things.db.sqlite.file import sqlite3
from tests.support.litestream import Replica
from tests.support.server import wait_until


@pytest.fixture
def replicate(tmp_path, file):
    """Return a function that creates a replica of the database. All are stopped at the end."""
    replicas = []

    def name(folder="replica"):
        replicas.append(Replica(tmp_path / folder, file))
        return replicas[-1]

    yield name
    for replica in replicas:
        replica.kill()


def post(server, text="x"):
    """Post a thing and return it."""
    status, _, thing = server.request("POST", "/things", {"text": text})
    assert status == 201
    return thing


def everything(server):
    """Return all things of a server with their timestamps."""
    status, _, table = server.request("GET", "/things.csv")
    assert status == 200
    return table


def lose(server, replica):
    """Kill the server with all workers, and Litestream, and delete the database."""
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    replica.kill()
    for path in replica.database.parent.glob(f"{replica.database.name}*"):
        path.unlink()


def assert_everything_comes_back(serve, server, replica):
    """Write once more, lose everything, and start a server on the restored database."""
    replica.wait_for(post(server, "last"))
    before = everything(server)
    lose(server, replica)
    assert replica.restore(replica.database)
    assert everything(serve()) == before


def test_a_destroyed_database_comes_back_as_it_was(serve, replicate, file):
    """Even the id of a deleted thing is known and not reused."""
    server, replica = serve(), replicate()
    replica.start()
    for text in ("a", "é", "gone"):
        post(server, text)
    server.request("DELETE", "/things/3")
    replica.wait_for(server.request("PUT", "/things/1", {"text": "changed"})[2])
    before, etag = everything(server), server.request("GET", "/things")[1]["ETag"]
    lose(server, replica)
    assert replica.restore(file)
    server = serve()
    assert everything(server) == before
    assert server.request("GET", "/things")[1]["ETag"] == etag
    assert [thing["id"] for thing in server.request("GET", "/things?q=chang")[2]] == [1]
    assert post(server)["id"] == 4


def test_a_restored_database_is_replicated_to_a_new_folder(serve, replicate, file):
    """A snapshot in the old folder may be ahead of the restored data and hide later changes."""
    for folder in ("first", "second", "third"):
        server, replica = serve(), replicate(folder)
        replica.start()
        replica.wait_for(post(server, folder))
        before = everything(server)
        lose(server, replica)
        assert replica.restore(file)
    server = serve()
    assert everything(server) == before
    assert post(server)["id"] == 4


def post_until(server, done):
    """Post until a condition is true."""
    while not done.is_set():
        post(server)


def test_a_litestream_killed_while_clients_write_catches_up(serve, replicate, file):
    """Clients notice nothing. Without a snapshot at the start, most restores would be corrupt."""
    server, replica, done = serve(), replicate(), Event()
    with ThreadPoolExecutor(4) as clients:
        posts = [clients.submit(post_until, server, done) for _ in range(4)]
        try:
            for _ in range(4):
                replica.start()
                before = replica.files()
                wait_until(lambda before=before: replica.files() - before)
                replica.kill()
        finally:
            done.set()
    assert {client.result() for client in posts} == {None}
    replica.start()
    assert_everything_comes_back(serve, server, replica)


def test_writes_while_litestream_was_down_are_replicated(serve, replicate, file):
    """The last program to close a database checkpoints the WAL and deletes it."""
    server, replica = serve(), replicate()
    replica.start()
    replica.wait_for(post(server))
    replica.kill()
    post(server)
    server.stop()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("SELECT 1 FROM thing")
    assert not file.with_name(f"{file.name}-wal").exists()
    server = serve()
    replica.start()
    assert_everything_comes_back(serve, server, replica)


def test_flask_db_check_passes_over_litestream_s_tables(runner, replicate):
    """Litestream creates them inside the database."""
    replica = replicate()
    replica.start()
    result = runner.invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output
