"""The memory growth of a worker is bounded, whatever clients send or request."""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flask_things.db.session import db
from tests.support.server import connect, next_page
from tests.support.things import create_things

#: The limits for one request and for many at once, in MB.
LIMIT_MB, ALL_MB = 100, 150


@pytest.fixture
def server(serve):
    """Return a server with one worker."""
    return serve(WEB_CONCURRENCY="1")


def peak_mb(server):
    """Return the peak memory of the worker in MB. Requires /proc."""
    [worker] = server.workers()
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) / 1024


def test_a_page_of_the_longest_texts_does_not_take_all_of_their_memory(app, server):
    """All 160 texts have 64 MB. A page of them would take three times as much."""
    with app.app_context():
        create_things(db.session, [{"text": "🍏" * 100_000}] * 160)
    before = peak_mb(server)
    status, headers, page = server.request("GET", "/things?limit=1000")
    assert (status, len(page)) == (200, 19)
    assert next_page(headers)
    assert peak_mb(server) - before < LIMIT_MB


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("item", "status"),
    [(b"[]", 422), (b'{"":0}', 422), (b"[" * 400 + b"]" * 400, 422), (b'{"id":[]', 400)],
    ids=["arrays", "objects", "nested", "broken"],
)
def test_a_bulk_of_too_many_values_does_not_take_their_memory(server, item, status):
    """Each value has one or two bytes of JSON, and takes 50 in memory."""
    body = b"[" + b",".join([item] * (16_000_000 // (len(item) + 1))) + b"]"
    before = peak_mb(server)
    assert server.request("POST", "/things/bulk", body)[0] == status
    assert peak_mb(server) - before < LIMIT_MB


@pytest.mark.sqlite
@pytest.mark.slow
@pytest.mark.parametrize("text", ["x" * 100_000, "x" * 99_990 + "🍏"], ids=["ASCII", "one emoji"])
def test_30_of_the_largest_bulks_at_once_take_the_memory_of_two(server, text):
    """They run one at a time. Those that wait too long get 503 with Retry-After."""
    body = json.dumps([{"text": text}] * 165, ensure_ascii=False).encode()
    before = peak_mb(server)
    with ThreadPoolExecutor(30) as clients:
        posts = [clients.submit(server.request, "POST", "/things/bulk", body) for _ in range(30)]
        answers = [post.result()[:2] for post in posts]
    assert {status for status, _ in answers} <= {201, 503}
    assert answers[0]
    assert all(headers["Retry-After"] for status, headers in answers if status == 503)
    assert peak_mb(server) - before < ALL_MB


@pytest.mark.sqlite
def test_pages_that_clients_do_not_take_are_limited(server):
    """Each takes 8 MB while its client reads it."""
    server.request("POST", "/things/bulk", [{"text": "x" * 99_999}] * 80)
    before = peak_mb(server)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(20)]
        for number, client in enumerate(clients):
            client.sendall(b"GET /things?limit=%d HTTP/1.1\r\nHost: x\r\n\r\n" % (80 + number))
        answers = [client.recv(12) for client in clients]
        assert server.request("GET", "/things?limit=1")[0] == 200
        refused = clients[answers.index(b"HTTP/1.1 503")].recv(65536)
    assert b"\r\nRetry-After: 5\r\n" in refused
    assert b"HTTP/1.1 200" in answers
    assert peak_mb(server) - before < ALL_MB
