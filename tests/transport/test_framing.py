"""Request boundaries: bytes that may belong to a body are never answered as a request."""

import pytest

from tests.http.test_parsing import HEAD, status
from tests.support.server import Server, connect, received

#: A request that an attacker smuggles.
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BODY = b'{"text": "x"}'

AMBIGUOUS = {
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 13\r\nContent-Length: 0\r\n\r\n" + BODY,
    "the same length twice": HEAD + b"Content-Length: 13\r\nContent-Length: 13\r\n\r\n" + BODY,
    "a list of lengths": HEAD + b"Content-Length: 13, 13\r\n\r\n" + BODY,
    "a signed length": HEAD + b"Content-Length: +13\r\n\r\n" + BODY,
    "a negative length": HEAD + b"Content-Length: -13\r\n\r\n" + BODY,
    "a hexadecimal length": HEAD + b"Content-Length: 0xd\r\n\r\n" + BODY,
    "bare line feeds": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 13\n\n" + BODY,
    "one bare line feed": HEAD + b"X: y\nContent-Length: 13\r\n\r\n" + BODY,
    "a space before the colon": HEAD + b"Content-Length : 13\r\n\r\n" + BODY,
    "another coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "compressed chunks": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked, but not at the end": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n",
    "a chunk without a size": CHUNKED + b"\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk size that is none": CHUNKED + b"zz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a signed chunk size": CHUNKED + b"+d\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"-d\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a prefixed chunk size": CHUNKED + b"0xd\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk that is too long": CHUNKED + b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk that is too short": CHUNKED + b"e\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk that ends in a line feed": CHUNKED + b"d\r\n" + BODY + b"\n0\r\n\r\n",
    "a bare line feed in a chunk's line": CHUNKED + b"d;x\n\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a trailer that is none": CHUNKED + b"d\r\n" + BODY + b"\r\n0\r\nno trailer\r\n\r\n",
}

#: Requests that are answered before their body is read.
UNREAD = {
    "GET /healthz": 200,
    "GET /things": 200,
    "GET /nothing": 404,
    "DELETE /things/1": 404,
    "POST /healthz": 405,
    "POST /things": 415,
    "POST /things?x=1": 415,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server for tests that leave no data in it."""
    server = Server(tmp_path_factory.mktemp("server"), {}, ["-m", "flask_things"], wait=True)
    yield server
    assert server.request("GET", "/things")[2] == []
    server.stop()


@pytest.mark.parametrize("sent", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_a_request_of_uncertain_length_is_refused_and_nothing_after_it_is_answered(server, sent):
    answer = server.raw(sent + SMUGGLED)
    assert status(answer) in {400, 501}
    assert answer.count(b"HTTP/1.1 ") + answer.count(b"HTTP/1.0 ") == 1
    assert b"Connection: close\r\n" in answer


@pytest.mark.parametrize("request_line", UNREAD)
@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: %d\r\n\r\n%b" % (len(SMUGGLED), SMUGGLED),
        b"Content-Length: 1000000\r\n\r\n" + SMUGGLED * 100,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED),
        b"Transfer-Encoding: chunked\r\n\r\n" + SMUGGLED,
        b"Transfer-Encoding: chunked\r\n\r\nd\r\n" + SMUGGLED,
    ],
    ids=["all of it", "a part of it", "in a chunk", "no chunk", "a broken chunk"],
)
def test_an_unread_body_is_not_parsed_as_a_request(server, request_line, framed):
    head = f"{request_line} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n".encode()
    answer = server.raw(head + framed, end=True)
    assert status(answer) == UNREAD[request_line]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in answer


def test_a_client_that_first_sends_all_of_a_refused_body_gets_the_answer(server):
    """Closing a connection with unread data would discard the response."""
    head = HEAD.replace(b"application/json", b"text/plain")
    with connect(server) as connection:
        connection.sendall(head + b"Content-Length: 20000000\r\n\r\n" + b" " * 20_000_000)
        assert status(received(connection)) == 415


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 3\r\n\r\n{,}",
        CHUNKED + b"3\r\n{,}\r\n0\r\n\r\n",
        HEAD.replace(b"POST", b"DELETE") + b"Content-Length: 0\r\n\r\n",
    ],
    ids=["length", "chunks", "empty"],
)
def test_after_a_body_that_was_read_the_connection_is_kept(server, sent):
    answer = server.raw(sent + SMUGGLED + SMUGGLED.replace(b"x\r\n", b"x\r\nConnection: close\r\n"))
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b'Content-Length: 100\r\n\r\n{"text": "x"}',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nd\r\n{"text":',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nd\r\n{"text": "x"}\r\n',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nzz\r\n{"text": "x"}\r\n0\r\n\r\n',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"text": "x"}\r\n0\r\n\r\n',
    ],
    ids=["short", "chunk cut off", "last chunk missing", "no chunk", "chunk too long"],
)
def test_a_body_that_breaks_off_is_400_and_stores_nothing(server, sent):
    assert status(server.raw(sent, end=True)) == 400
    assert server.request("GET", "/things")[2] == []
