"""A small response is sent at once; a header without a body does not wait for one."""

import pytest

from flask_things.transport.sender import PIECE_BYTES, Sender
from tests.support.server import connect

OK, NO_CONTENT = b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"


class Client:
    """A socket that notes what is sent."""

    def __init__(self):
        self.sent = []

    def sendall(self, data):
        """Note it all."""
        self.sent.append(bytes(data))

    def send(self, data):
        """Note it, and return how much it was."""
        self.sendall(data)
        return len(data)

    def settimeout(self, seconds):
        """Do nothing."""


@pytest.fixture
def client():
    """Return a socket."""
    return Client()


@pytest.fixture
def sender(client):
    """Return what sends to it."""
    return Sender(client)


def test_a_header_and_its_body_are_sent_at_once(sender, client):
    for _ in range(2):
        sender.begin("GET")
        sender.sendall(OK)
        sender.sendall(b"body")
        sender.sendall(b"more")
        sender.end()
    assert client.sent == [OK + b"body", b"more"] * 2


@pytest.mark.parametrize(("method", "header"), [("HEAD", OK), ("DELETE", NO_CONTENT)])
def test_a_header_without_a_body_is_sent_at_once(sender, client, method, header):
    sender.begin(method)
    sender.sendall(header)
    assert client.sent == [header]


def test_an_empty_body_ends_the_wait(sender, client):
    sender.begin("GET")
    sender.sendall(OK)
    sender.end()
    sender.end()
    assert client.sent == [OK]


def test_a_large_body_is_not_copied(sender, client):
    sender.begin("GET")
    sender.sendall(OK)
    sender.sendall(bytes(PIECE_BYTES + 1))
    assert [len(piece) for piece in client.sent] == [len(OK), PIECE_BYTES, 1]


def test_an_error_page_is_sent_without_a_request(sender, client):
    """gunicorn refuses what is no request: the page comes in one piece."""
    sender.sendall(OK)
    assert client.sent == [OK]


def test_a_small_response_comes_in_one_packet(serve):
    with connect(serve()) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        packet = connection.recv(PIECE_BYTES)
    assert packet.startswith(b"HTTP/1.1 200")
    assert packet.endswith(b"}\n")
