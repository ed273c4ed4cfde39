"""PostgreSQL: servers that stop or are read-only, and a failover."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_things import create_app
from flask_things.db.session import db
from tests.support.postgres import Postgres
from tests.support.server import JSON, every_thing, python, wait_until

pytestmark = pytest.mark.postgresql


@pytest.fixture
def own(postgres):
    """Return a separate PostgreSQL server that the test may stop. Skipped without PostgreSQL."""
    server = Postgres(durable=True)
    yield server
    server.close()


class Writer(threading.Thread):
    """Posts things one by one with keys, and retries each until it succeeds."""

    def __init__(self, server):
        super().__init__()
        self.server, self.kept, self.statuses, self.ended = server, {}, [], threading.Event()

    def run(self):
        """Write until `ended` is set."""
        while not self.ended.is_set():
            text = f"{self.name} {len(self.statuses)}"
            while self.post(text) != 201:
                assert self.statuses[-1] == 503

    def post(self, text):
        """Post a thing, and return the status."""
        headers = {**JSON, "Idempotency-Key": text.replace(" ", "-")}
        status, _, thing = self.server.request("POST", "/things", {"text": text}, headers)
        self.statuses.append(status)
        if status == 201:
            self.kept[thing["id"]] = text
        return status


def test_a_server_that_restarts_is_503_only_while_it_is_away(serve, own):
    server = serve(THINGS_DATABASE_URL=own.url())
    server.request("POST", "/things", {"text": "x"})
    with ThreadPoolExecutor(16) as clients:  # opens many connections
        list(clients.map(lambda _: server.request("GET", "/things"), range(64)))
    own.stop()
    for method, path in [("GET", "/things"), ("POST", "/things"), ("GET", "/readyz")]:
        status, headers, _ = server.request(method, path, {"text": "y"})
        assert (status, headers["Retry-After"]) == (503, "1")
    assert server.request("GET", "/healthz")[0] == 200
    own.start()
    with ThreadPoolExecutor(16) as clients:
        answers = clients.map(lambda _: server.request("GET", "/things"), range(64))
        assert {status for status, _, _ in answers} == {200}


def test_a_failover_loses_nothing_that_was_acknowledged(serve, own):
    """The primary is killed under load, and its synchronous standby is promoted."""
    standby = own.replica()
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in (own, standby))
    url = f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write"
    server = serve(THINGS_DATABASE_URL=url)
    writers = [Writer(server) for _ in range(4)]
    for writer in writers:
        writer.start()
    wait_until(lambda: all(len(writer.kept) > 20 for writer in writers))
    own.kill()
    wait_until(lambda: all(writer.statuses[-1] == 503 for writer in writers))
    standby.promote()
    promoted = time.monotonic()
    wait_until(lambda: all(writer.statuses[-1] == 201 for writer in writers))
    seconds = time.monotonic() - promoted
    for writer in writers:
        writer.ended.set()
        writer.join()
    kept = {thing_id: text for writer in writers for thing_id, text in writer.kept.items()}
    assert len(kept) == sum(writer.statuses.count(201) for writer in writers)
    client = create_app({"THINGS_DATABASE_URL": standby.url()})
    there = {thing["id"]: thing["text"] for thing in every_thing(client.test_client())}
    with client.app_context():
        db.engine.dispose()
    standby.close()
    assert there == kept
    assert seconds < 4


def test_while_a_server_only_reads_a_write_is_503_and_a_read_200(serve, own):
    server = serve(THINGS_DATABASE_URL=own.url())
    own.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    own.execute("SELECT pg_reload_conf()")
    wait_until(lambda: own.execute("SHOW default_transaction_read_only") == [("on",)])
    assert server.request("POST", "/things", {"text": "x"})[0] == 503
    assert server.request("GET", "/things")[0] == 200
    own.execute("ALTER SYSTEM SET default_transaction_read_only = off")
    own.execute("SELECT pg_reload_conf()")
    wait_until(lambda: own.execute("SHOW default_transaction_read_only") == [("off",)])
    assert server.request("POST", "/things", {"text": "x"})[0] == 201


@pytest.mark.slow
def test_a_server_that_cannot_be_reached_stops_the_start_with_one_line(tmp_path, own):
    own.stop()
    start = python(tmp_path, "-m", "flask_things", THINGS_DATABASE_URL=own.url())
    lines = [line for line in start.stderr.splitlines() if line and "[INFO]" not in line]
    assert start.returncode != 0
    assert len(lines) == 1, start.stderr
    assert lines[0].startswith("Error: THINGS_DATABASE_URL: ")


@pytest.mark.slow
def test_a_password_is_not_logged(tmp_path, own):
    own.stop()
    url = own.url().replace("postgres@", "postgres:secret@")
    start = python(tmp_path, "-m", "flask_things", THINGS_DATABASE_URL=url)
    assert "secret" not in start.stderr + start.stdout
