"""Pages that hold garbage: nobody is told what is inside, and everybody that the server is ill."""

import random

import pytest

from tests.server import JSON

pytestmark = pytest.mark.sqlite

PAGE_BYTES = 4096


#: The kinds of pages, by their first byte (https://www.sqlite.org/fileformat2.html).
ROWS, INDEX, OVERFLOW = 13, 10, 0


@pytest.fixture
def damaged(serve, file):
    """Return a function that overwrites all new pages of a kind, and starts a server on them."""

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
        return serve(WEB_CONCURRENCY="4")

    return start


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (ROWS, "/things"),
        (ROWS, "/things.csv"),
        (ROWS, "/things?q=xxx"),
        (INDEX, "/things?sort=text&limit=1000"),
        (OVERFLOW, "/things?sort=-id"),
    ],
)
def test_from_the_first_damage_on_no_worker_is_ready(damaged, kind, path):
    server = damaged(kind)
    assert {server.request("GET", "/readyz")[0] for _ in range(20)} == {200}
    status, headers, body = server.request("GET", path)
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert not {"malformed", "SELECT", "sqlite", "decode"} & set(str(body).split())
    assert {server.request("GET", "/readyz")[0] for _ in range(40)} == {503}
    assert server.request("GET", "/healthz", headers=JSON)[0] == 200
