"""Clients that send slowly, send nothing, or do not read: no other request waits for them."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.db.sqlite.test_write_lock import reading_time
from tests.http.test_parsing import HEAD, status
from tests.support.server import CONFIG, Server, connect, received
from tests.transport.test_turns import LIMIT_S, connections

pytestmark = pytest.mark.slow

#: The server's limits, shortened for tests.
HEADER_S, BODY_S, KEEPALIVE_S, SEND_S = 1.5, 2.5, 1, 1
SHORT = f"""
from flask_things.transport import connection, sender
connection.HEADER_TIMEOUT_S, connection.BODY_TIMEOUT_S = {HEADER_S}, {BODY_S}
connection.SEND_TIMEOUT_S = sender.SEND_TIMEOUT_S = {SEND_S}
"""

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
LENGTH = 100_000
POST = HEAD + b"Content-Length: %d\r\n\r\n" % LENGTH


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server with short timeouts."""
    folder = tmp_path_factory.mktemp("server")
    config = folder / "short.conf.py"
    config.write_text(CONFIG.read_text() + SHORT)
    settings = {"THINGS_KEEPALIVE_S": str(KEEPALIVE_S)}
    server = Server(folder, settings, ["-m", "gunicorn", "--config", str(config)], wait=True)
    yield server
    server.stop()


def trickle(server, sent, byte, every_s=0.05):
    """Send data, then single bytes. Return the received bytes and the duration."""
    answer, started = [], time.monotonic()
    with connect(server) as connection:
        connection.sendall(sent)
        connection.settimeout(every_s)
        while not answer or answer[-1]:
            with contextlib.suppress(TimeoutError):
                answer.append(connection.recv(65536))
            connection.sendall(byte)
            assert time.monotonic() - started < BODY_S + 5 * LIMIT_S
    return b"".join(answer), time.monotonic() - started


@pytest.mark.parametrize(
    ("sent", "byte", "limit_s"),
    [(GET, b"X", HEADER_S), (POST, b" ", BODY_S)],
    ids=["header", "body"],
)
@pytest.mark.parametrize("every_s", [0.0001, 0.05])
def test_slow_requests_are_408_after_the_timeout(server, sent, byte, limit_s, every_s):
    """A byte does not extend the timeout, even if one always arrives in time."""
    answer, seconds = trickle(server, sent, byte, every_s)
    assert (status(answer), answer.count(b"HTTP/1.1 ")) == (408, 1)
    assert b"Connection: close\r\n" in answer
    assert limit_s <= seconds < limit_s + LIMIT_S


def test_a_chunked_body_that_trickles_is_408(server):
    sent = HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"
    assert status(trickle(server, sent, b" ")[0]) == 408


def test_a_header_on_a_kept_connection_has_its_time_too(server):
    answer, seconds = trickle(server, GET + b"\r\n" + GET, b"X")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 408 Request Timeout" in answer
    assert seconds < HEADER_S + LIMIT_S


def test_of_a_body_that_is_cut_off_nothing_is_stored(server):
    body = b'{"text": "' + b"x" * (LENGTH - 12) + b'"'
    assert len(body) == LENGTH - 1  # without the brace
    assert status(trickle(server, POST + body, b"")[0]) == 408
    assert server.request("GET", "/things?q=xxx")[2] == []


@pytest.mark.parametrize(
    ("sent", "limit_s"), [(b"", HEADER_S), (GET + b"\r\n", KEEPALIVE_S)], ids=["new", "kept"]
)
def test_a_silent_connection_is_closed_without_a_word(server, sent, limit_s):
    started = time.monotonic()  # before the server accepts the connection and starts its timeout
    with connect(server) as connection:
        connection.sendall(sent)
        assert received(connection).count(b"HTTP/1.1 ") == (1 if sent else 0)
        assert limit_s <= time.monotonic() - started < limit_s + LIMIT_S


def test_kept_connections_leave_room_for_new_ones(serve):
    server = serve("-m", "flask_things", "--worker-connections", "10", WEB_CONCURRENCY="1")
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(connect(server))
            connection.sendall(GET + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_64_slow_and_200_idle_connections_block_no_other(server):
    """All of them are disconnected, too."""
    ways = [(GET, b"X"), (POST, b" ")] * 32
    with connections(server, 200), ThreadPoolExecutor(64) as clients:
        trickling = [clients.submit(trickle, server, *way) for way in ways]
        assert reading_time(server, seconds=BODY_S) < LIMIT_S
        assert server.request("POST", "/things", {"text": "x"})[0] == 201
        assert {status(one.result()[0]) for one in trickling} == {408}


@pytest.fixture
def answer_bytes(server):
    """Store so much that an export exceeds the system's buffers."""
    things = [{"text": "y" * 100_000} for _ in range(150)]
    assert server.request("POST", "/things/bulk", things)[0] == 201
    return 150 * 100_000


EXPORT = b"GET /things.ndjson?q=yyy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_a_client_that_does_not_read_is_disconnected(server, answer_bytes):
    with connect(server) as connection:
        connection.sendall(EXPORT)
        time.sleep(SEND_S + LIMIT_S)  # nothing visible happens until then
        assert len(received(connection)) < answer_bytes


def test_a_client_that_reads_slowly_gets_the_whole_response(server, answer_bytes):
    with connect(server) as connection:
        connection.sendall(EXPORT)
        started, answer = time.monotonic(), b""
        while piece := connection.recv(answer_bytes // 20):
            answer += piece
            time.sleep(0.15)
        assert len(answer) > answer_bytes
        assert time.monotonic() - started > 2 * SEND_S
