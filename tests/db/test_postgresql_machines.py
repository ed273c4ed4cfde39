"""PostgreSQL: several machines on one database, and writers that wait for each other."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flask_things.db.postgresql import WRITERS
from tests.db.sqlite.test_write_lock import MARGIN_S, reading_time
from tests.support.server import JSON, wait_until

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.postgresql


def test_servers_that_start_at_once_on_an_empty_database_all_come_up(serve, empty):
    for server in [serve(wait=False, THINGS_DATABASE_URL=empty) for _ in range(4)]:
        wait_until(server.is_ready)


def test_of_posts_with_one_key_to_several_machines_one_is_done(serve):
    servers = [serve(), serve()]
    headers = {**JSON, "Idempotency-Key": "one"}
    with ThreadPoolExecutor(16) as clients:
        answers = clients.map(
            lambda n: servers[n % 2].request("POST", "/things", {"text": "x"}, headers), range(32)
        )
    assert {(status, body["id"]) for status, _, body in answers} == {(201, 1)}


LOOK_BEFORE_THE_FORK = """
def when_ready(server):
    with server.app.wsgi().app_context():
        db.session.connection()
"""


def test_no_connection_is_shared_by_two_workers(serve, tmp_path):
    """A connection from before the fork would mix up the responses of two workers."""
    config = tmp_path / "early.conf.py"
    config.write_text((ROOT / "gunicorn.conf.py").read_text() + LOOK_BEFORE_THE_FORK)
    server = serve("-m", "gunicorn", "--config", str(config))
    things = [{"text": str(n)} for n in range(1, 201)]
    assert server.request("POST", "/things/bulk", things)[0] == 201
    with ThreadPoolExecutor(16) as clients:
        answers = clients.map(lambda n: server.request("GET", f"/things/{n}"), range(1, 201))
        assert [(status, thing["text"]) for status, _, thing in answers] == [
            (200, thing["text"]) for thing in things
        ]


@pytest.fixture
def writers(serve, connection):
    """Let 40 clients replace a row that `connection` has locked. Return the server and requests.

    Some requests have a connection and wait for the row; the others wait for a connection.
    """
    server = serve(WEB_CONCURRENCY="1", THINGS_BUSY_TIMEOUT_MS="2000")
    server.request("POST", "/things", {"text": "x"})
    connection.execute("SELECT * FROM thing FOR UPDATE")
    with ThreadPoolExecutor(40) as clients:
        puts = [clients.submit(put, server) for _ in range(40)]
        wait_until(lambda: waiting(connection) == WRITERS)
        yield server, puts


def put(server):
    """Replace a thing. Return the status and the duration in seconds."""
    began = time.monotonic()
    status, _, _ = server.request("PUT", "/things/1", {"text": "y"})
    return status, time.monotonic() - began


def waiting(connection):
    """Return how many connections wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    connection.execute("SELECT pg_stat_clear_snapshot()")
    return connection.execute(query).fetchone()[0]


def test_writes_that_wait_for_a_row_do_not_stop_reads(writers, connection):
    server, puts = writers
    assert reading_time(server, seconds=1) < 1
    connection.rollback()
    assert {put.result()[0] for put in puts} == {200}


def test_writes_that_wait_for_a_row_end_in_time(writers, connection):
    """A write may wait for a connection, then behind other writers and for the row's holder."""
    server, puts = writers
    status, durations_s = zip(*(put.result() for put in puts), strict=True)
    assert set(status) == {503}
    assert max(durations_s) < 2 * 2 + MARGIN_S
    connection.rollback()
    assert put(server)[0] == 200
