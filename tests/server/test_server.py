"""gunicorn with our settings."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flask_things.db.sqlite.files import beside
from tests.http.test_parsing import HEAD, status
from tests.proof.test_slow_clients import GET
from tests.support.server import Server, free_port, python, wait_until

ROOT = Path(__file__).parents[2]

NOT_HTTP = {
    "garbage": b"\x00\x01\x02\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no version": b"GET /things\r\n\r\n",
    "another version": b"GET /things HTTP/9.9\r\nHost: x\r\n\r\n",
    "lower-case method": b"get /things HTTP/1.1\r\nHost: x\r\n\r\n",
    "bare line feed": b"GET /things HTTP/1.1\nHost: x\n\n",
    "no colon": b"GET /things HTTP/1.1\r\nHost x\r\n\r\n",
    "space before the colon": b"GET /things HTTP/1.1\r\nHost : x\r\n\r\n",
    "folded header": b"GET /things HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "nul in a header": b"GET /things HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "two hosts": b"GET /things HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "long line": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long header": b"GET /things HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
    "long headers": b"GET / HTTP/1.1\r\n" + b"X: %b\r\n" % (b"a" * 8000) * 6 + b"\r\n",
    "many headers": b"GET /things HTTP/1.1\r\n" + b"X: a\r\n" * 300 + b"\r\n",
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "signed length": HEAD + b"Content-Length: +5\r\n\r\n12345",
    "unknown coding": HEAD + b"Transfer-Encoding: foo\r\n\r\n0\r\n\r\n",
    "unknown expectation": HEAD + b"Expect: foo\r\nContent-Length: 0\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server for tests that leave no data in it."""
    server = Server(tmp_path_factory.mktemp("server"), {}, ["-m", "flask_things"], wait=True)
    yield server
    server.stop()


@pytest.mark.parametrize("sent", NOT_HTTP.values(), ids=NOT_HTTP.keys())
def test_invalid_http_gets_a_problem_too(server, sent):
    """gunicorn has no public hook for its error pages, so this pins our private one."""
    answer = server.raw(sent)
    assert status(answer) in {400, 414, 417, 431, 501}
    assert b"X-Request-ID: " in answer
    assert b"X-Content-Type-Options: nosniff\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_header_may_be_as_long_as_a_proxy_lets_it_be(server):
    """nginx passes up to four lines of 8 KB, such as cookies of other applications."""
    long = b"X: %b\r\n" % (b"a" * 7900)
    assert status(server.raw(GET + long * 4 + b"Connection: close\r\n\r\n")) == 200


def test_a_header_cannot_move_the_api(server):
    headers = {"Content-Type": "application/json", "SCRIPT_NAME": "/elsewhere"}
    assert server.request("GET", "/healthz", headers=headers)[0] == 200
    assert server.request("GET", "/elsewhere/healthz", headers=headers)[0] == 404


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_stops_within_two_seconds(serve, how):
    code, seconds = serve().stop(how)
    assert code == 0
    assert seconds < 2


def test_things_are_there_after_a_restart(serve):
    server = serve()
    _, _, thing = server.request("POST", "/things", {"text": "stay"})
    server.stop()
    assert serve().request("GET", "/things")[2] == [thing]


@pytest.mark.sqlite
def test_after_a_stop_the_file_alone_has_everything(serve, file):
    """A user who copies or moves the file will not think of the WAL."""
    server = serve()
    server.request("POST", "/things", {"text": "stay"})
    server.stop()
    assert not beside(file, "-wal").exists()


def test_every_acknowledged_post_of_many_clients_is_there(serve):
    """Writers of several processes wait for each other, and none is rejected or lost."""
    server = serve(WEB_CONCURRENCY="4")
    with ThreadPoolExecutor(16) as clients:
        answers = list(
            clients.map(lambda n: server.request("POST", "/things", {"text": str(n)}), range(200))
        )
    assert {status for status, _, _ in answers} == {201}
    things = sorted((thing for _, _, thing in answers), key=lambda thing: thing["id"])
    assert server.request("GET", "/things?limit=1000")[2] == things


@pytest.mark.sqlite
def test_a_worker_that_is_stopped_while_it_starts_stops(serve, tmp_path):
    """The signal arrives just after the fork, before the worker has handlers."""
    slow = tmp_path / "slow.conf.py"
    hook = "import time\npost_fork = lambda server, worker: time.sleep(1)\n"
    slow.write_text((ROOT / "gunicorn.conf.py").read_text() + hook)
    server = serve("-m", "gunicorn", "--config", str(slow), wait=False)
    wait_until(lambda: "Booting worker" in server.log.read_text())
    assert server.stop()[0] == 0


def test_tls_is_refused(tmp_path):
    """TLS would not be used, because a connection works on the bare socket."""
    options = ("--certfile", __file__, "--keyfile", __file__)
    start = python(tmp_path, "-m", "flask_things", *options, PORT=str(free_port()))
    assert start.returncode == 1
    assert start.stderr.splitlines()[-1].startswith("TLS")


def test_a_free_port_is_not_assigned_to_others():
    """Otherwise a server of another test run could answer."""
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    socket.create_server(("127.0.0.1", port)).close()
