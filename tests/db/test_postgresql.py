"""PostgreSQL: many machines on one database, servers that go away, and one that takes over."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event

from flask_things import create_app
from flask_things.db.ids import ID_MAX
from flask_things.db.session import db
from flask_things.migrations import prepare
from tests.support.postgres import Postgres
from tests.support.server import JSON, every_thing, next_page, python, wait_until

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.postgresql


@pytest.fixture
def own(postgres):
    """Return a PostgreSQL server of the test's own, to be stopped; skipped where `postgres` is."""
    server = Postgres(durable=True)
    yield server
    server.close()


@pytest.fixture
def empty(postgres):
    """Return the URL of a database without tables."""
    postgres.execute("CREATE DATABASE empty")
    yield postgres.url("empty")
    postgres.execute("DROP DATABASE empty WITH (FORCE)")


class Writer(threading.Thread):
    """Posts one thing after the other, with a key and again until it is answered."""

    def __init__(self, server):
        """Take the server."""
        super().__init__()
        self.server, self.kept, self.statuses, self.ended = server, {}, [], threading.Event()

    def run(self):
        """Write until it is told to end."""
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
    """One that was open before the fork would hand clients each other's rows."""
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


def test_a_server_that_restarts_is_503_only_while_it_is_away(serve, own):
    server = serve(THINGS_DATABASE_URL=own.url())
    server.request("POST", "/things", {"text": "x"})
    with ThreadPoolExecutor(16) as clients:  # so that many connections are open
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
    """The primary is killed under load, and its synchronous standby promoted."""
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


def test_writes_that_wait_for_a_row_end_in_time_and_do_not_stop_reads(serve, connection):
    """A row is waited for twice, behind others who wait and then for its writer."""
    server = serve(THINGS_BUSY_TIMEOUT_MS="2000")
    server.request("POST", "/things", {"text": "x"})
    connection.execute("SELECT * FROM thing FOR UPDATE")

    def timed(method):
        began = time.monotonic()
        status, _, _ = server.request(method, "/things/1", {"text": "y"})
        return status, time.monotonic() - began

    with ThreadPoolExecutor(41) as clients:
        puts = [clients.submit(timed, "PUT") for _ in range(40)]
        wait_until(lambda: any(put.done() for put in puts))  # those that found no room
        status, seconds = clients.submit(timed, "GET").result()
    assert (status, {put.result()[0] for put in puts}) == (200, {503})
    assert seconds < 1
    assert max(put.result()[1] for put in puts) < 5  # some have waited for a thread, too
    connection.rollback()
    assert timed("PUT")[0] == 200


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
def test_a_password_is_not_told(tmp_path, own):
    own.stop()
    url = own.url().replace("postgres@", "postgres:secret@")
    start = python(tmp_path, "-m", "flask_things", THINGS_DATABASE_URL=url)
    assert "secret" not in start.stderr + start.stdout


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_text_is_refused(postgres, encoding):
    postgres.execute(
        f"CREATE DATABASE {encoding} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    )
    app = create_app({"THINGS_DATABASE_URL": postgres.url(encoding.lower())})
    with pytest.raises(RuntimeError, match=rf"{encoding}.*UTF8"):
        prepare(app)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_what_the_environment_says_of_encodings_does_not_matter(
    client, postgres, monkeypatch, encoding
):
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    assert client.post("/things", json={"text": "日本"}).status_code == 201
    assert [thing["text"] for thing in client.get("/things?q=日").json] == ["日本"]


def test_a_table_of_somebody_else_is_left_alone(postgres, empty):
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE thing (id integer, text varchar)")
    with pytest.raises(RuntimeError, match="neither ours"):
        prepare(create_app({"THINGS_DATABASE_URL": empty}))


def test_a_user_who_may_only_read_is_answered_503_for_a_write(client, environ, connection):
    client.post("/things", json={"text": "x"})
    connection.execute("CREATE ROLE reader LOGIN")
    connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    connection.commit()
    url = environ["THINGS_DATABASE_URL"].replace("postgres@", "reader@")
    reader = create_app({"THINGS_DATABASE_URL": url})
    statuses = [
        reader.test_client().get("/things/1").status_code,
        reader.test_client().post("/things", json={"text": "x"}).status_code,
    ]
    with reader.app_context():
        db.engine.dispose()
    connection.execute("DROP OWNED BY reader")
    connection.execute("DROP ROLE reader")
    connection.commit()
    assert statuses == [200, 503]


def test_ids_above_32_bits_are_served(client, connection):
    connection.execute(f"ALTER SEQUENCE thing_id_seq RESTART WITH {ID_MAX}")
    connection.commit()
    assert client.post("/things", json={"text": "x"}).json["id"] == ID_MAX
    assert client.get(f"/things/{ID_MAX}").json["text"] == "x"
    assert client.post("/things", json={"text": "x"}).status_code == 507


def test_a_backup_is_left_to_postgresql_s_own_tools(app, runner, tmp_path):
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == 1
    assert "use pg_dump" in result.stderr


def test_an_id_that_was_imported_is_not_given_again(client, runner):
    moment = "2026-11-22T15:04:05.123456Z"
    line = f'{{"id":{2**40},"text":"x","created_at":"{moment}","updated_at":"{moment}"}}'
    assert runner.invoke(args=["things", "import", "-"], input=line).exit_code == 0
    assert client.post("/things", json={"text": "y"}).json["id"] == 2**40 + 1
    line = line.replace(str(2**40), "7")
    assert runner.invoke(args=["things", "import", "-"], input=line).exit_code == 0
    assert client.post("/things", json={"text": "y"}).json["id"] == 2**40 + 2


@pytest.fixture
def plans(app, connection):
    """Return a list of how PostgreSQL goes about each query, if it is not to go through all."""
    plans = []

    def explain(_connection, _cursor, statement, parameters, _context, _many):
        plans.append(str(connection.execute(f"EXPLAIN {statement}", parameters).fetchall()))

    connection.execute("SET enable_seqscan = off")
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", explain)
    return plans


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("-id", "thing_pkey"),
        ("text", "thing_sort_text"),
        ("-created_at", "thing_sort_created_at"),
        ("updated_at", "thing_sort_updated_at"),
    ],
)
def test_a_second_page_is_sought_in_an_index(client, things, plans, connection, sort, index):
    connection.execute("SET enable_sort = off")
    client.get(next_page(client.get(f"/things?limit=1&sort={sort}").headers))
    assert index in plans[-1]


def test_a_search_is_answered_from_its_index(client, things, plans, connection):
    connection.execute("SET enable_indexscan = off")
    client.get("/things?q=xxx&total=true")
    assert "thing_search" in plans[-1]
