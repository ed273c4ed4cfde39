"""The streams of a worker: their number, changes and end."""

import threading
import time

import pytest
from werkzeug.exceptions import ServiceUnavailable

from flask_things.transport import streams as module
from flask_things.transport.streams import POLL_S, STREAMS, Streams
from tests.support.events import Following
from tests.support.server import wait_until


@pytest.fixture
def streams():
    """Return streams without any change."""
    made = Streams(lambda: 1)
    yield made
    for stream in list(made._open):
        made.close(stream)
    wait_until(lambda: not made._is_polling)


class Client:
    """A connection whose client may have disconnected."""

    is_shut = False

    def __init__(self, is_disconnected=False):
        self.is_disconnected = is_disconnected

    def gettimeout(self):
        """Return a timeout."""
        return 30

    def settimeout(self, _seconds):
        """Do nothing."""

    def recv_into(self, *_):
        """Return 0 if the client has disconnected."""
        if self.is_disconnected:
            return 0
        raise BlockingIOError

    def shutdown(self, _how):
        """Record the call."""
        self.is_shut = True


def test_one_stream_too_many_is_503(streams):
    opened = [streams.open(None) for _ in range(STREAMS)]
    with pytest.raises(ServiceUnavailable) as error:
        streams.open(None)
    assert error.value.retry_after
    streams.close(opened[0])
    streams.open(None)


def test_a_client_that_has_left_takes_no_place(streams, monkeypatch):
    monkeypatch.setattr(module, "CHECK_POLLS", 1000)
    for _ in range(STREAMS):
        streams.open(Client(is_disconnected=True))
    assert not streams.open(Client()).is_over


def test_a_client_that_has_left_is_noticed(streams, monkeypatch):
    monkeypatch.setattr(module, "CHECK_POLLS", 1)
    gone, there = streams.open(Client(is_disconnected=True)), streams.open(Client())
    wait_until(lambda: gone.is_over)
    assert not there.is_over


def test_news_wakes_a_stream_that_waits():
    found = [1]
    streams = Streams(lambda: found[0])
    stream = streams.open(None)
    stream.expect()
    time.sleep(3 * POLL_S)  # the first poll finds a change, too
    stream.expect()
    began = time.monotonic()
    threading.Timer(POLL_S, lambda: found.__setitem__(0, 2)).start()
    stream.wait(20)
    assert POLL_S / 2 < time.monotonic() - began < 10
    streams.close(stream)


def test_an_unknown_version_wakes_no_stream():
    streams = Streams(lambda: None)
    stream = streams.open(None)
    began = time.monotonic()
    stream.wait(4 * POLL_S)
    assert time.monotonic() - began >= 4 * POLL_S
    streams.close(stream)


def test_polling_ends_with_the_last_stream():
    looks = []
    streams = Streams(lambda: looks.append(1))
    stream = streams.open(None)
    wait_until(lambda: looks)
    streams.close(stream)
    wait_until(lambda: not streams._is_polling)
    before = len(looks)
    time.sleep(3 * POLL_S)
    assert len(looks) == before


def test_streams_that_end_do_not_wait_and_new_ones_end_at_once(streams):
    stream = streams.open(None)
    streams.end()
    stream.wait(20)
    assert stream.is_over
    assert streams.open(None).is_over


def test_the_connection_of_a_stream_that_does_not_end_is_shut(streams, monkeypatch):
    monkeypatch.setattr(module, "END_S", 0.1)
    client = Client()
    streams.open(client)
    streams.end()
    streams.end()
    assert not client.is_shut
    time.sleep(0.2)
    streams.end()
    assert client.is_shut


def test_shared_results_are_computed_once(streams):
    made = []

    def make():
        made.append(1)
        time.sleep(0.1)
        return "page"

    streams.open(None)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(streams.shared("key", make))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), found) == (1, ["page"] * 5)


def test_an_error_is_shared_too(streams):
    def fail():
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            streams.shared("key", fail)


@pytest.mark.sqlite
def test_disconnected_clients_release_their_slots(serve):
    """Twice as many clients as slots, one after the other."""
    server = serve(WEB_CONCURRENCY="1")
    for _ in range(2 * STREAMS):
        with Following(server.port) as following:
            assert following.status == 200
            assert next(following.events)["retry"] == "2000"


@pytest.mark.sqlite
def test_one_stream_more_than_there_are_places_is_503(serve):
    server = serve(WEB_CONCURRENCY="1")
    opened = [Following(server.port) for _ in range(STREAMS)]
    with Following(server.port) as refused:
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert server.request("GET", "/things")[0] == 200
    for one in opened:
        one.close()
