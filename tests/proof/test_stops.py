"""Starts and stops: current requests are answered, and idle connections do not delay a stop."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from flask_things.server.worker import HEADER_WAIT_S, HEARTBEAT_S
from tests.http.test_parsing import HEAD, status
from tests.proof.test_slow_clients import GET
from tests.support.server import connect, has_arrived, lets_in, received, wait_until
from tests.transport.test_turns import connections

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

BODY = b'{"text": "in flight"}'
POST = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY)


def stop(server):
    """Stop a server, and wait until it accepts nothing and no longer waits for headers."""
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not lets_in(server))
    time.sleep(2 * HEADER_WAIT_S)


def kept(server):
    """Return an idle connection after its first request."""
    connection = connect(server)
    connection.sendall(GET + b"\r\n")
    wait_until(lambda: connection.recv(65536).endswith(b"}\n"))
    return connection


def test_a_request_with_a_complete_header_is_finished(serve):
    server = serve()
    with connect(server) as connection:
        connection.sendall(POST + BODY[:5])
        wait_until(lambda: has_arrived(connection))
        stop(server)
        connection.sendall(BODY[5:])
        answer = received(connection)
    assert status(answer) == 201
    assert b"Connection: close\r\n" in answer
    wait_until(server.has_ended)
    assert server.process.returncode == 0
    assert serve().request("GET", "/things")[2][0]["text"] == "in flight"


def test_an_answer_that_has_begun_is_finished(serve):
    server = serve()
    server.request("POST", "/things/bulk", [{"text": "x" * 100_000}] * 150)
    with connect(server) as connection:
        connection.sendall(b"GET /things.ndjson HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = connection.recv(1000)
        stop(server)
        answer += received(connection)
    assert answer.count(b'"text"') == 150
    assert answer.endswith(b"0\r\n\r\n")
    wait_until(server.has_ended)
    assert server.process.returncode == 0


def test_an_incomplete_header_is_rejected(serve):
    server = serve()
    with connect(server) as connection:
        connection.sendall(GET)
        wait_until(lambda: has_arrived(connection))
        stop(server)
        assert received(connection) == b""
    wait_until(server.has_ended)
    assert server.process.returncode == 0


def test_an_idle_connection_is_closed_and_a_new_one_gets_a_moment(serve):
    """A request may already be on its way on a new connection."""
    server = serve()
    with connect(server) as new, kept(server) as idle:
        server.process.send_signal(signal.SIGTERM)
        assert received(idle) == b""
        started = time.monotonic()
        assert received(new) == b""
        assert time.monotonic() - started > HEADER_WAIT_S / 2


def test_200_connections_that_are_silent_do_not_delay_a_stop(serve):
    server = serve()
    with connections(server, 200), kept(server), connections(server, 64, GET):
        code, seconds = server.stop()
    assert code == 0
    assert seconds < 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_a_stop_from_the_terminal_logs_no_traceback(serve, how):
    """The terminal signals the whole process group, so the workers get the signal twice."""
    server = serve()
    server.request("POST", "/things/bulk", [{"text": "x" * 100_000}] * 150)
    with connect(server) as slow, kept(server), connections(server, 8, GET):
        slow.sendall(b"GET /things.ndjson HTTP/1.1\r\nHost: x\r\n\r\n")
        slow.recv(1000)
        os.killpg(server.process.pid, how)
        slow.close()
        wait_until(server.has_ended)
    assert server.process.returncode == 0
    assert "Traceback" not in server.log.read_text()


def test_a_worker_with_a_long_request_is_not_replaced_and_accepts_clients(serve):
    """Its place would be empty until then. Nor does it pause to check whether it can stop."""
    options = ("--max-requests", "1", "--max-requests-jitter", "0")
    server = serve("-m", "flask_things", *options, WEB_CONCURRENCY="1")
    with connect(server) as connection:
        connection.sendall(POST)
        time.sleep(HEADER_WAIT_S + 2 * HEARTBEAT_S)  # it checks within this time
        times = []
        for _ in range(100):
            began = time.monotonic()
            assert server.request("GET", "/healthz")[0] == 200
            times.append(time.monotonic() - began)
            time.sleep(0.02)
        connection.sendall(BODY)
        assert status(received(connection)) == 201
    assert sorted(times)[-3] < HEADER_WAIT_S / 2  # on a busy machine


def test_after_a_kill_of_the_master_a_start_serves_within_three_seconds(serve):
    """Hardly slower than a normal start: the workers release the port when the master is gone."""
    began = time.monotonic()
    server = serve()
    usual_s = time.monotonic() - began
    with connections(server, 10, GET), connections(server, 10, POST), kept(server):
        server.process.kill()
        server.process.wait()
        began = time.monotonic()
        again = serve(PORT=str(server.port), wait=False)  # with the same log
        wait_until(lambda: again.log.read_text().count("Listening") == 2)
        assert again.request("POST", "/things", {"text": "x"})[0] == 201
        assert time.monotonic() - began < usual_s + 2


def test_workers_write_their_heartbeat_in_memory(serve):
    if not Path("/dev/shm").is_dir():  # noqa: S108
        pytest.skip("there is no /dev/shm on this machine")
    for worker in serve().workers():
        wait_until(lambda worker=worker: has_opened(worker, "/dev/shm/wgunicorn-"))  # noqa: S108


def has_opened(process, prefix):
    """Return whether a process has an open file with this prefix. Requires /proc."""
    with contextlib.suppress(FileNotFoundError):  # a file that was just closed
        links = Path(f"/proc/{process}/fd").iterdir()
        return any(str(link.readlink()).startswith(prefix) for link in links)
    return False
