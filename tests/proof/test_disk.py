"""A full or read-only disk: reads continue."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.proof.test_faults import READS, kill, post, statuses
from tests.support.disk import fill, mounted, remount
from tests.support.server import Server, wait_until

pytestmark = pytest.mark.sqlite


@pytest.fixture
def disk(file):
    """Mount a small disk at the database's folder."""
    with mounted(file.parent):
        yield file.parent


@pytest.fixture
def start(serve):
    """Return a function that starts a server with a short wait."""
    return lambda **others: serve(WEB_CONCURRENCY="2", THINGS_BUSY_TIMEOUT_MS="200", **others)


def test_a_full_disk_is_507_until_space_is_freed(start, disk):
    server = start()
    assert post(server) == 201
    fill(disk / "other")
    written = 1
    while (status := post(server)) == 201:
        written += 1
    assert status == 507
    bulk = [{"text": "x" * 10_000}] * 20
    status, _, problem = server.request("POST", "/things/bulk", bulk)
    assert (status, problem["detail"]) == (507, "The disk is full. Nothing was changed.")
    assert server.request("PUT", "/things/1", {"text": "x" * 50_000})[0] == 507
    assert statuses(server, *READS, "/readyz") == {200}
    assert len(server.request("GET", "/things?limit=1000")[2]) == written
    (disk / "other").unlink()
    assert server.request("POST", "/things/bulk", bulk)[0] == 201
    assert len(server.request("GET", "/things?limit=1000")[2]) == written + 20
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "xxx" not in log  # users' texts


@pytest.mark.slow
def test_a_full_disk_with_the_log_on_it_stops_writes_only_while_it_is_full(disk, environ):
    """An error in a thread cannot be printed then, but must reach its request."""
    server = Server(disk, environ, ("-m", "flask_things"), wait=True)
    try:
        fill(disk / "other")
        for _ in range(4):
            bulk = [{"text": "x" * 3000}] * 300
            assert server.request("POST", "/things/bulk", bulk)[0] == 507
        (disk / "other").unlink()
        assert {post(server) for _ in range(10)} == {201}
    finally:
        server.stop()


@pytest.mark.parametrize("end", [kill, Server.stop])
def test_a_server_that_ended_on_a_full_disk_starts_there_again(start, disk, end):
    (disk / "other").write_bytes(bytes(400_000))
    server = start()
    while post(server, "stays" + "x" * 50_000) == 201:
        pass
    fill(disk / "other")
    things = server.request("GET", "/things")[2]
    end(server)
    fill(disk / "other")
    server = start()
    assert server.request("GET", "/things")[2] == things
    assert statuses(server, *READS, "/readyz") == {200}
    assert post(server, "x" * 50_000) == 507
    (disk / "other").unlink()
    assert post(server) == 201


@pytest.mark.parametrize("end", [kill, Server.stop])
def test_a_read_only_disk_is_read(start, disk, end):
    server = start()
    assert post(server) == 201
    end(server)
    wait_until(lambda: remount(disk, "ro"))
    server = start()
    assert statuses(server, *READS, "/readyz") == {200}
    status, headers, _ = server.request("POST", "/things", {"text": "x"})
    assert (status, headers["Retry-After"]) == (503, "1")
    assert server.request("DELETE", "/things/1")[0] == 503
    log = server.log.read_text()
    assert log.count(f"{disk}/db.sqlite3, which is on a read-only disk. Writes are 503.") == 1
    assert " ERROR " not in log


def test_a_disk_that_becomes_writable_is_written(start, disk):
    """No connection remembers that the disk was read-only."""
    server = start()
    assert post(server) == 201
    server.stop()
    wait_until(lambda: remount(disk, "ro"))
    server = start()
    with ThreadPoolExecutor(8) as clients:
        list(clients.map(lambda _: statuses(server, *READS), range(8)))
    remount(disk, "rw")
    for made in range(2, 22):
        assert post(server) == 201
        assert {len(server.request("GET", "/things")[2]) for _ in range(4)} == {made}
