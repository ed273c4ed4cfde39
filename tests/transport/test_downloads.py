"""A worker holds few large responses in memory that clients have not read."""

import time

import pytest

from flask_things.transport import downloads
from flask_things.transport.downloads import DOWNLOADS, HELD_BYTES, Downloads
from tests.support.server import CONFIG, connect

#: The last one exceeds the limit.
ALL = bytes(HELD_BYTES)


def test_a_response_to_several_clients_counts_once():
    """A response from the cache takes no additional memory."""
    sent = Downloads()
    half = bytes(HELD_BYTES // 2)
    with sent.sending(half), sent.sending(half), sent.sending(half):
        assert sent.has_room(HELD_BYTES // 2)
    with sent.sending(half):
        assert not sent.has_room(HELD_BYTES // 2 + 1)
    assert sent.has_room(HELD_BYTES)


def test_a_response_that_failed_does_not_count():
    sent = Downloads()
    with pytest.raises(BrokenPipeError), sent.sending(ALL):
        raise BrokenPipeError
    assert sent.has_room(HELD_BYTES)


@pytest.mark.sqlite
@pytest.mark.parametrize("path", ["/things", "/things/1"])
def test_a_large_response_too_many_is_503(client, path):
    client.post("/things", json={"text": "x" * downloads.SMALL_BYTES})
    with DOWNLOADS.sending(ALL):
        refused = client.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert client.get("/things?q=none").status_code == 200
        assert client.post("/things", json={"text": "x" * 70_000}).status_code == 201
    assert client.get(path).status_code == 200


@pytest.mark.sqlite
def test_one_that_is_read_too_slowly_is_cut_off(serve, tmp_path):
    """Otherwise it could stay in memory for hours, read a few bytes at a time."""
    config = tmp_path / "short.conf.py"
    short = "sender.SEND_TIMEOUT_S, sender.SEND_BYTES_PER_S = 1, 10_000_000"
    config.write_text(f"{CONFIG.read_text()}\nfrom flask_things.transport import sender\n{short}\n")
    server = serve("-m", "gunicorn", "--config", str(config))
    server.request("POST", "/things/bulk", [{"text": "x" * 99_999}] * 75)
    with connect(server) as client:
        client.sendall(b"GET /things?limit=80 HTTP/1.1\r\nHost: x\r\n\r\n")
        read = b""
        while piece := client.recv(100_000):
            read += piece
            time.sleep(0.1)
    assert len(read) < 75 * 99_999
