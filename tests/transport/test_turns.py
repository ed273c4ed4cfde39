"""The requests of one worker take turns, and none blocks the others."""

import contextlib
import socket
import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import shake_256
from pathlib import Path
from threading import Event

import pytest
from gevent.pool import Pool

from flask_things.db.backend import SLOW_QUERIES
from flask_things.http.request_schemas import BULK_MAX_ITEMS
from flask_things.server.listener import Listener
from tests.db.sqlite.test_write_lock import reading_time
from tests.http.test_parsing import HEAD
from tests.support.server import connect, wait_until

#: How long a response may take on a busy machine, in seconds, while something else takes several
#: times as long.
LIMIT_S = 1


#: Prints the seconds of 100 turns in an event loop: the least of five measurements.
HUNDRED_TURNS = """
from gevent import monkey
monkey.patch_all()
from timeit import repeat
from flask_things.turns import let_others_run
print(min(repeat(let_others_run, number=100)))
"""


@pytest.fixture
def server(serve):
    """Return a server with one worker and a thing."""
    server = serve(WEB_CONCURRENCY="1")
    server.request("POST", "/things", {"text": "x"})
    return server


@contextlib.contextmanager
def connections(server, count, sent=b""):
    """Open connections that each send the same bytes and then nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            opened = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            opened.sendall(sent)
        yield


def answered(busy):
    """Return the number of responses that have just arrived on non-blocking connections."""
    number = 0
    for one in busy:
        with contextlib.suppress(BlockingIOError):
            while piece := one.recv(1 << 20):
                number += piece.count(b"HTTP/1.1 200")
    return number


def slowest_read_during(server, *request):
    """Return the duration of the slowest read while another request runs, in seconds."""
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(server.request, *request)
        slowest = [reading_time(server, seconds=0.1)]
        while not running.done():
            slowest.append(reading_time(server, seconds=0.1))
        assert running.result()[0] in {200, 201}
    assert len(slowest) > 1
    return max(slowest)


def is_once_below(limit_s, measure):
    """Return whether one of three measurements, in seconds, is below a limit.

    A busy machine delays a read now and then. A request that stops reads does so each time.
    """
    return any(measure() < limit_s for _ in range(3))


def test_a_bulk_that_takes_long_does_not_stop_reads(server):
    """A text of many different trigrams takes the index long."""
    text = b64encode(shake_256().digest(3000)).decode()
    things = [{"text": f"{n} {text}"} for n in range(BULK_MAX_ITEMS)]
    assert slowest_read_during(server, "POST", "/things/bulk", things) < LIMIT_S


def test_an_export_to_a_fast_client_does_not_stop_reads(server):
    for _ in range(60):
        server.request("POST", "/things/bulk", [{"text": "lorem ipsum"}] * BULK_MAX_ITEMS)
    assert is_once_below(LIMIT_S / 2, lambda: slowest_read_during(server, "GET", "/things.csv"))


@pytest.mark.sqlite
@pytest.mark.parametrize("sent", [b"", b"GET /things HTTP/1.1\r\nHost: x"], ids=["silent", "half"])
def test_clients_that_do_not_go_on_do_not_stop_others(server, sent):
    with connections(server, 200, sent):
        assert reading_time(server, seconds=1) < LIMIT_S


@pytest.mark.sqlite
def test_bodies_that_do_not_go_on_do_not_stop_writes(server):
    head = b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with connections(server, 200, head + b"Content-Length: 20\r\n\r\n{"):
        assert server.request("POST", "/things", {"text": "y"})[0] == 201


def test_a_client_that_always_has_a_next_request_does_not_keep_its_turn(server):
    request = b"GET /things/1 HTTP/1.1\r\nHost: x\r\n"
    pipelined = (request + b"\r\n") * 1999 + request + b"Connection: close\r\n\r\n"
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(server.raw, pipelined)
        assert reading_time(server, seconds=0.5) < LIMIT_S / 2
        assert not running.done()
        assert running.result().count(b"HTTP/1.1 200 OK\r\n") == 2000


@pytest.mark.sqlite
def test_new_connections_do_not_wait_for_one_round_of_requests_each(server):
    """A round answers a request of each connection, so the last of 64 would wait for 64 rounds."""
    request = b"GET /things/1 HTTP/1.1\r\nHost: x\r\n\r\n"
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(connect(server)) for _ in range(36)]
        for one in busy:
            one.sendall(request * 300)
            one.setblocking(False)
        wait_until(lambda: answered(busy))
        new = [stack.enter_context(connect(server)) for _ in range(64)]
        for one in new:
            one.sendall(request)
        assert all(one.recv(1000).startswith(b"HTTP/1.1 200") for one in new)
        rounds = answered(busy) / len(busy)
    assert rounds < 32


@pytest.mark.sqlite
def test_chunks_of_one_byte_do_not_stop_reads(server):
    """More data is always ready, so gevent itself would not switch."""
    is_over = Event()

    def send():
        with connect(server) as connection, contextlib.suppress(OSError):
            connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            while not is_over.is_set():
                connection.sendall(b"1\r\n \r\n" * 10_000)

    with ThreadPoolExecutor(4) as clients:
        sending = [clients.submit(send) for _ in range(4)]
        is_fast = is_once_below(LIMIT_S / 2, lambda: reading_time(server, seconds=1))
        is_over.set()
        for one in sending:
            one.result()
    assert is_fast


@pytest.mark.sqlite
def test_bulks_of_too_many_values_do_not_stop_reads(server):
    """Counting and checking all 16 MB at once would exceed the limit several times."""
    body = b"[" + b",".join([b"[" * 400 + b"]" * 400] * 20_000) + b"]"

    def slowest_read():
        with ThreadPoolExecutor(2) as clients:
            posts = [clients.submit(server.request, "POST", "/things/bulk", body) for _ in range(4)]
            slowest = reading_time(server, seconds=0.5)
            assert {post.result()[0] for post in posts} == {422}
        return slowest

    assert is_once_below(LIMIT_S / 4, slowest_read)


@pytest.mark.parametrize(("busy", "accepted"), [(0, 1), (36, 7)])
def test_an_idle_worker_leaves_new_connections_to_others(busy, accepted):
    """Otherwise one worker would accept all connections of a burst."""
    assert Listener(("127.0.0.1", 0), print, Pool(1), lambda: busy).max_accept == accepted


def test_a_turn_in_which_no_other_request_waits_takes_no_time():
    """A sleep takes a millisecond at least, and half of the time of an export."""
    command = [sys.executable, "-c", HUNDRED_TURNS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.05


@pytest.mark.sqlite
def test_many_searches_open_few_connections(server):
    """Each connection has a cache that it keeps."""
    with ThreadPoolExecutor(32) as clients:
        list(clients.map(lambda n: server.request("GET", f"/things?q=x{n}"), range(320)))
    [worker] = server.workers()
    opened = [link.resolve().name for link in Path(f"/proc/{worker}/fd").iterdir()]
    assert opened.count("db.sqlite3") <= SLOW_QUERIES + 2
