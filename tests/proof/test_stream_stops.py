"""The end of streams: a worker that stops or is recycled ends them cleanly first."""

import os
import signal
import time
from contextlib import ExitStack, contextmanager

import pytest

from flask_things.server.worker import HEARTBEAT_S
from tests.support.access_log import lines
from tests.support.events import Following
from tests.support.server import connect, received, wait_until

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

REQUEST = b"GET /things/changes HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"


@contextmanager
def streams(server, count):
    """Open streams, and wait until each has started."""
    with ExitStack() as stack:
        opened = [stack.enter_context(Following(server.port)) for _ in range(count)]
        for one in opened:
            assert "retry" in next(one.events)
        yield opened


def ended(opened):
    """Return whether all streams ended with their last chunk."""
    return all(list(one.lines()) == [] and one.response.isclosed() for one in opened)


def stopping_time(server, how):
    """Return the seconds that a stop takes."""
    code, seconds = server.stop(how)
    assert code == 0
    return seconds


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_stop_with_65_streams_takes_no_longer_than_without(serve, how):
    without = stopping_time(serve(), how)
    server = serve()
    with streams(server, 65) as opened:
        assert stopping_time(server, how) < without + 0.5
        assert ended(opened)
    assert "Traceback" not in server.log.read_text()


def test_a_client_that_does_not_read_delays_no_stop(serve):
    server = serve(WEB_CONCURRENCY="1")
    with connect(server) as connection:
        connection.sendall(REQUEST)
        for _ in range(10):
            server.request("POST", "/things/bulk", [{"text": "x" * 90_000}] * 100)
        time.sleep(1)  # until its buffers are full
        assert stopping_time(server, signal.SIGTERM) < 3


def test_sighup_ends_streams_and_new_workers_open_them_again(serve):
    server = serve()
    before = set(server.workers())
    with streams(server, 20) as opened:
        server.process.send_signal(signal.SIGHUP)
        assert ended(opened)
    wait_until(lambda: before.isdisjoint(server.workers()))
    with streams(server, 20):
        pass


def test_a_worker_about_to_be_replaced_ends_its_streams(serve):
    """Clients could otherwise keep it running."""
    options = ("--max-requests", "30", "--max-requests-jitter", "0")
    server = serve("-m", "flask_things", *options, WEB_CONCURRENCY="1")
    [before] = server.workers()
    with streams(server, 5) as opened:
        for _ in range(40):
            server.request("GET", "/healthz")
        assert ended(opened)
        wait_until(lambda: before not in server.workers(), seconds=10 * HEARTBEAT_S)
    with streams(server, 5):
        pass


def test_a_worker_whose_master_is_killed_ends_its_streams(serve):
    server = serve()
    with streams(server, 10) as opened:
        server.process.kill()
        server.process.wait()
        assert ended(opened)


def test_a_killed_worker_s_clients_go_on_with_the_next(serve):
    server = serve(WEB_CONCURRENCY="1")
    with streams(server, 1) as [following]:
        server.request("POST", "/things", {"text": "first"})
        last = next(following.events)
        [worker] = server.workers()
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.workers() not in ([], [worker]))
    server.request("POST", "/things", {"text": "second"})
    with Following(server.port, **{"Last-Event-ID": last["id"]}) as following:
        assert next(following.events)["id"] == last["id"]
        assert '"second"' in next(following.events)["data"]


def test_http_1_0_has_streams_too(serve):
    server = serve()
    with connect(server) as connection:
        connection.sendall(REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0"))
        wait_until(lambda: connection.recv(65536).endswith(b"\n\n"))
        server.process.send_signal(signal.SIGTERM)
        assert received(connection) == b""


def test_a_line_of_the_access_log_tells_how_long_a_stream_was_open(serve):
    server = serve()
    with streams(server, 1):
        time.sleep(0.5)
    [line] = wait_until(lambda: lines(server, path="/things/changes"))
    assert line["status"] == 200
    assert 500 < line["milliseconds"] < 10_000
