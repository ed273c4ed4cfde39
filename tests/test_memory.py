"""What a worker's memory grows by, whatever clients send or ask for."""

from pathlib import Path

import pytest

from tests.server import next_page

MOMENT = "2026-11-22 15:04:05.123456"

#: How much that may be for one request, in MB. All that a worker does at once takes less than 150.
LIMIT_MB = 100


@pytest.fixture
def server(serve):
    """Return a server with one worker."""
    return serve(WEB_CONCURRENCY="1")


def peak_mb(server):
    """Return the most memory that the worker has had; needs /proc."""
    [worker] = server.workers()
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) / 1024


def test_a_page_of_the_longest_texts_does_not_take_all_of_their_memory(server, connection, engine):
    """All 300 texts have 120 MB, of which a page would take three times as much."""
    mark = "?" if engine == "sqlite" else "%s"
    insert = f"INSERT INTO thing (text, created_at, updated_at) VALUES ({', '.join([mark] * 3)})"
    connection.cursor().executemany(insert, [("🍏" * 100_000, MOMENT, MOMENT)] * 300)
    connection.commit()
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
    """Each is one or two bytes of the body, and 50 in memory."""
    body = b"[" + b",".join([item] * (16_000_000 // (len(item) + 1))) + b"]"
    before = peak_mb(server)
    assert server.request("POST", "/things/bulk", body)[0] == status
    assert peak_mb(server) - before < LIMIT_MB
