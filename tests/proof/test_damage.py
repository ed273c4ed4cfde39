"""Damaged pages: responses never contain garbage, and /readyz reports the damage."""

import random

import pytest

from tests.support.server import JSON, wait_until

pytestmark = pytest.mark.sqlite

PAGE_BYTES = 4096


#: The types of pages by their first byte (https://www.sqlite.org/fileformat2.html).
ROWS, INDEX, OVERFLOW = 13, 10, 0


@pytest.fixture
def damaged(serve, file):
    """Return a function that overwrites all new pages of a type, and starts a server on them."""

    def start(kind):
        server = serve()
        pages = file.stat().st_size // PAGE_BYTES
        body = [{"text": f"{n} " + "x" * 6000} for n in range(400)]
        assert server.request("POST", "/things/bulk", body)[0] == 201
        server.stop()
        data = bytearray(file.read_bytes())
        for start in range(pages * PAGE_BYTES, len(data), PAGE_BYTES):
            if data[start] == kind:
                garbage = random.Random(start).randbytes(PAGE_BYTES - 4)  # noqa: S311
                data[start + 4 : start + PAGE_BYTES] = garbage
        file.write_bytes(data)
        server = serve(WEB_CONCURRENCY="4", wait=False)
        wait_until(lambda: answers(server))
        return server

    return start


def answers(server):
    """Return whether a server responds at all."""
    try:
        return server.request("GET", "/healthz")[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (ROWS, "/things"),
        (ROWS, "/things.csv"),
        (ROWS, "/things?q=xxx"),
        (OVERFLOW, "/things?sort=-id"),
    ],
)
def test_after_the_first_damage_no_worker_is_ready(damaged, kind, path):
    server = damaged(kind)
    assert {server.request("GET", "/readyz")[0] for _ in range(20)} == {200}
    status, headers, body = server.request("GET", path)
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert not {"malformed", "SELECT", "sqlite", "decode"} & set(str(body).split())
    assert {server.request("GET", "/readyz")[0] for _ in range(40)} == {503}
    assert server.request("GET", "/healthz", headers=JSON)[0] == 200


def test_damage_at_the_start_is_logged_and_readable_rows_are_served(damaged):
    """The start counts the things, which reads an index."""
    server = damaged(INDEX)
    assert {server.request("GET", "/readyz")[0] for _ in range(20)} == {503}
    assert server.request("GET", "/things/1")[0] == 200
    log = server.log.read_text()
    assert "malformed" in log
    assert "Traceback" not in log
