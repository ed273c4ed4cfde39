"""Large bodies: few are held at a time, others wait, and slow ones lose their slots."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from werkzeug.exceptions import ServiceUnavailable

from flask_things.transport import uploads
from flask_things.transport.uploads import BULK_BODY_MAX_BYTES, Uploads
from tests.http.test_parsing import status
from tests.support.server import CONFIG, connect, has_arrived, received, wait_until

HEAD = b"POST /things/bulk HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ANNOUNCED = HEAD + b"Content-Length: %d\r\n\r\n" % BULK_BODY_MAX_BYTES
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1000000\r\n"

#: Large enough to need a slot.
BODY = b'[{"text": "x"}]' + b" " * uploads.SMALL_BYTES


class Client:
    """The parts of a connection that an upload uses."""

    def __init__(self):
        self.is_cut_off = False

    def wait_for_body(self):
        """Do nothing."""

    def stop_reading(self):
        """Record the call."""
        self.is_cut_off = True


@pytest.fixture
def clients():
    """Return threads that hold slots."""
    with ThreadPoolExecutor(8) as threads:
        yield threads


def hold(places, size, began, end, client=None):
    """Hold a slot until the end."""
    with places.slot(size, client) as upload:
        began.set()
        assert end.wait(20)
    return upload


def test_a_body_waits_for_a_slot(clients):
    places, began, end = Uploads(10), [Event() for _ in range(3)], [Event() for _ in range(3)]
    running = [clients.submit(hold, places, 5, *events) for events in zip(began, end, strict=True)]
    wait_until(lambda: sum(event.is_set() for event in began) == 2)
    [waiting] = [event for event in began if not event.is_set()]
    assert not waiting.wait(0.1)
    for event in end:
        event.set()
    for one in running:
        one.result()
    assert waiting.is_set()


def test_a_body_that_would_fit_does_not_overtake_a_larger_one(clients):
    """Otherwise there might never be room for the larger one."""
    places, began, end = Uploads(10), [Event() for _ in range(3)], [Event() for _ in range(3)]
    clients.submit(hold, places, 8, began[0], end[0])
    assert began[0].wait(20)
    clients.submit(hold, places, 9, began[1], end[1])
    wait_until(lambda: len(places._waiting) == 1)
    clients.submit(hold, places, 1, began[2], end[2])
    assert not began[2].wait(0.1)
    end[0].set()
    assert began[1].wait(20)
    assert began[2].wait(20)
    for event in end:
        event.set()


def test_a_body_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(uploads, "WAIT_S", 0.1)
    places = Uploads(10)
    with (
        places.slot(10, None),
        pytest.raises(ServiceUnavailable) as refusal,
        places.slot(1, None),
    ):
        pass
    assert refusal.value.retry_after == uploads.RETRY_AFTER_S
    with places.slot(10, None):
        pass


@pytest.mark.parametrize(
    ("is_slow", "is_awaited", "is_cut_off"),
    [(True, True, True), (False, True, False), (True, False, False)],
)
def test_a_slow_upload_gives_way_where_another_one_waits(
    monkeypatch, clients, is_slow, is_awaited, is_cut_off
):
    monkeypatch.setattr(uploads, "GRACE_S", 0)
    monkeypatch.setattr(uploads, "WAIT_S", 0.1)
    places, client = Uploads(10), Client()
    with places.slot(10, client) as upload:
        upload.received = 0 if is_slow else 10**9
        if is_awaited:
            with pytest.raises(ServiceUnavailable), places.slot(1, None):
                pass
    assert (client.is_cut_off, upload.is_cut_off) == (is_cut_off, is_cut_off)


@pytest.fixture
def serve_short(serve, tmp_path):
    """Return a function that starts a server with other limits in uploads.py."""

    def start(numbers):
        config = tmp_path / "short.conf.py"
        lines = [f"uploads.{name} = {value}" for name, value in numbers.items()]
        config.write_text(
            "\n".join([CONFIG.read_text(), "from flask_things.transport import uploads", *lines])
        )
        return serve("-m", "gunicorn", "--config", str(config), WEB_CONCURRENCY="1")

    return start


@pytest.mark.sqlite
@pytest.mark.parametrize("slow", [ANNOUNCED, CHUNKED], ids=["length", "chunks"])
def test_slow_uploads_are_503_when_others_need_their_places(serve_short, slow):
    server = serve_short({"GRACE_S": 0.1, "CHECK_S": 0.1})
    with connect(server) as first, connect(server) as second:
        for connection in (first, second):  # they have all slots then
            connection.sendall(slow + b"[" + b" " * 2 * uploads.SMALL_BYTES)
        wait_until(lambda: has_arrived(first) and has_arrived(second))
        assert server.request("POST", "/things/bulk", BODY)[0] == 201
        answers = [received(first), received(second)]
    assert [status(answer) for answer in answers] == [503, 503]
    assert all(b"Retry-After: 5\r\n" in answer for answer in answers)


@pytest.mark.sqlite
def test_one_large_bulk_too_many_is_503_and_other_bodies_go_on(serve_short):
    server = serve_short({"WAIT_S": 0.2, "SLOW_BYTES_PER_S": 0})
    with connect(server) as first, connect(server) as second:
        for connection in (first, second):
            connection.sendall(ANNOUNCED)
            wait_until(lambda: server.request("POST", "/things/bulk", BODY)[0] in {201, 503})
        code, headers, problem = server.request("POST", "/things/bulk", BODY)
        assert (code, problem["title"]) == (503, "Service Unavailable")
        assert headers["Retry-After"] == "5"
        assert server.request("POST", "/things", {"text": "x" * 90_000})[0] == 201
    wait_until(lambda: server.request("POST", "/things/bulk", BODY)[0] == 201)
