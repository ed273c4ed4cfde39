"""Exports: all rows of a list, as NDJSON and CSV."""

import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import event

from flask_things.db.backend import EXPORTS, Unavailable
from flask_things.db.session import backend_of, db
from tests.support.server import CONFIG, connect, wait_until
from tests.support.things import create_things, delete_thing, export_things

TEXTS = [
    "plain", 'a "quoted" one', "a, b", "line\nfeed", "carriage\rreturn", "both\r\n", "", " spaces ",
    "\ttab", "=1+1", "ÄPFEL 🍏", "'", "\u2028\u0085\ufeff", "\\n", ";",
]  # fmt: skip

KINDS = ["ndjson", "csv"]


@pytest.fixture
def things(app, client):
    """Return things with fragile texts."""
    with app.app_context():
        create_things(db.session, [{"text": text} for text in TEXTS])
    return client.get("/things").json


def test_ndjson_has_its_type_and_a_line_for_each(client, things):
    response = client.get("/things.ndjson")
    assert response.content_type == "application/x-ndjson"
    assert response.data.count(b"\n") == len(things)


def test_csv_is_as_rfc_4180_has_it(client):
    client.post("/things/bulk", json=[{"text": 'a "b", c\nd'}, {"text": "e"}])
    response = client.get("/things.csv")
    assert response.content_type == "text/csv; charset=utf-8; header=present"
    first, second, third, end = response.data.decode().split("\r\n")
    assert first == "id,text,created_at,updated_at"
    assert second.startswith('1,"a ""b"", c\nd",20')
    assert third.startswith("2,e,20")
    assert end == ""


def test_an_export_is_of_one_moment(app, client, things):
    with app.app_context():
        rows = export_things(db.session)
        first = next(rows)
        create_things(db.session, [{"text": "came later"}])
        delete_thing(db.session, things[-1]["id"])
        assert [row.id for row in [first, *rows]] == [thing["id"] for thing in things]


@pytest.fixture
def much(client):
    """Store more than an export sends at once."""
    client.post("/things/bulk", json=[{"text": "x" * 100_000}] * 3)


@pytest.mark.usefixtures("much")
def test_an_unread_export_releases_its_connection(app, client):
    with app.app_context():
        pool = db.engine.pool
    before = pool.checkedout()
    response = client.get("/things.csv", buffered=False)
    assert pool.checkedout() == before + 1
    response.close()
    assert pool.checkedout() == before


@pytest.mark.parametrize("kind", KINDS)
def test_head_executes_no_query(app, client, kind):
    executed = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: executed.append(args[2]))
    client.head(f"/things.{kind}")
    assert executed == []


def test_a_search_in_an_export_is_offloaded(app, client, things):
    with app.app_context():
        offload = backend_of(db.session).offload
    offload.call, called = (lambda *call: called.append(call[0]) or call[0](*call[1:])), []
    assert b"4pfel" not in client.get("/things.csv?q=äpfel").data
    assert [function.__name__ for function in called] == ["execute", "fetchmany", "fetchmany"]


@pytest.mark.usefixtures("much")
def test_one_export_more_than_the_limit_is_503_at_once(client):
    with ExitStack() as stack:
        for _ in range(EXPORTS):
            stack.enter_context(closing(client.get("/things.csv", buffered=False)))
        response = client.get("/things.ndjson")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert client.get("/things.ndjson").status_code == 200


def test_an_export_that_fails_gives_its_place_back(app, client, monkeypatch):
    with monkeypatch.context() as broken, app.app_context():
        broken.setattr(db.engine.pool, "connect", raises(Unavailable()))
        for _ in range(EXPORTS + 1):
            assert client.get("/things.csv").status_code == 503
    assert client.get("/things.csv").status_code == 200


def raises(error):
    """Return a function that raises an error."""

    def function(*_args):
        raise error

    return function


def test_slowly_read_exports_block_no_other_request(serve):
    server = serve(WEB_CONCURRENCY="1")
    server.request("POST", "/things/bulk", [{"text": "x" * 100_000}] * 100)
    with ExitStack() as stack:
        for _ in range(40):
            connection = stack.enter_context(connect(server))
            connection.sendall(b"GET /things.ndjson HTTP/1.1\r\nHost: x\r\n\r\n")
        for path in ("/things/1", "/things?q=y&total=true", "/readyz"):
            assert server.request("GET", path)[0] == 200
        assert server.request("POST", "/things", {"text": "y"})[0] == 201
        assert server.request("GET", "/things.csv")[0] == 503


@pytest.mark.sqlite
def test_an_export_that_takes_too_long_is_broken_off(serve, tmp_path):
    """Its snapshot would let the WAL grow. The client detects the missing end."""
    config = tmp_path / "short.conf.py"
    config.write_text(
        CONFIG.read_text()
        + "from flask_things.resource.transfer import exports\nexports.TIMEOUT_S = 1\n"
    )
    server = serve("-m", "gunicorn", "--config", str(config), WEB_CONCURRENCY="1")
    server.request("POST", "/things/bulk", [{"text": "x" * 100_000}] * 100)
    data = b""
    with connect(server) as connection:
        connection.sendall(b"GET /things.ndjson HTTP/1.1\r\nHost: x\r\n\r\n")
        while part := connection.recv(1 << 16):
            data += part
            time.sleep(0.02)
    assert data.startswith(b"HTTP/1.1 200")
    assert not data.endswith(b"0\r\n\r\n")
    log = server.log.read_text()
    assert "not read within 1 seconds" in log
    assert "Traceback" not in log


def test_a_database_that_is_away_is_503_before_anything_is_sent(app, file, client):
    with app.app_context():
        db.engine.dispose()
    file.rename(file.with_name("away"))
    file.mkdir()
    assert client.get("/things.ndjson").status_code == 503


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc to read")
def test_memory_does_not_grow_with_the_export(serve):
    """The texts are three times the allowed memory."""
    filled = serve()
    for _ in range(6):
        filled.request("POST", "/things/bulk", [{"text": "x" * 100_000}] * 100)
    filled.stop()
    for coding, least_bytes in (("identity", 60_000_000), ("gzip", 60_000)):
        check_memory_of_an_export(serve, coding, least_bytes)


def check_memory_of_an_export(serve, coding, least_bytes):
    """Check the length of an export and the memory of a worker."""
    server = serve(WEB_CONCURRENCY="1")  # a worker that has not used much memory
    server.request("GET", "/things.csv?q=yyy")
    [worker] = wait_until(lambda: server.workers())
    before = high_water(worker)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        accepted = f"Accept-Encoding: {coding}"
        connection.sendall(f"GET /things.ndjson HTTP/1.0\r\n{accepted}\r\n\r\n".encode())
        received = 0
        while chunk := connection.recv(1 << 20):
            received += len(chunk)
    assert received > least_bytes
    assert high_water(worker) - before < 20_000_000
    server.stop()


def high_water(pid):
    """Return the peak memory of a process in bytes."""
    [line] = [
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line
    ]
    return int(line.split()[1]) * 1024
