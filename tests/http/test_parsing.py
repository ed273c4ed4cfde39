"""Bodies: which are accepted, and which are rejected before anything else."""

from copy import deepcopy

import pytest

from flask_things.http.request_schemas import NoQuery
from flask_things.transport.uploads import BODY_MAX_BYTES

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

POST = {"path": "/things", "method": "POST"}


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_json_is_accepted(client, content_type):
    assert client.open(**POST, data='{"text": ""}', content_type=content_type).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/vnd.api+json",
        "application/merge-patch+json",
        "application/jsonp",
    ],
)
def test_another_type_is_415(client, content_type):
    response = client.open(**POST, data='{"text": ""}', content_type=content_type)
    assert (response.status_code, response.content_type) == (415, "application/problem+json")
    assert "application/json" in response.json["detail"]
    assert client.get("/things").json == []


def test_a_patch_of_another_type_gets_the_accepted_types(client):
    response = client.patch("/things/1", data="{}", content_type="application/json-patch+json")
    assert response.status_code == 415
    accepted = "application/merge-patch+json, application/json"
    assert response.headers["Accept-Patch"] == accepted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'text': 'x'}",
        b'{"text": "x"} {}',
        b'{"text": NaN}',
        b'{"text": -Infinity}',
        b'{"text": "\x00"}',
        b'{"text": "\xe4"}',
        b'{"text": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"text": "x"}',
        '{"text": "x"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"text": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_invalid_json_is_400(client, body):
    response = client.open(**POST, data=body, content_type="application/json")
    assert (response.status_code, response.content_type) == (400, "application/problem+json")


def test_a_compressed_body_is_415(client):
    """Its bytes are not JSON, and a 400 would make its author look for a syntax error."""
    response = client.post("/things", json={"text": ""}, headers={"Content-Encoding": "gzip"})
    assert (response.status_code, response.headers["Accept-Encoding"]) == (415, "identity")


def padded(size):
    """Return a valid body of some size."""
    return b'{"text": ""}' + b" " * (size - 12)


@pytest.mark.parametrize(("size", "status"), [(BODY_MAX_BYTES, 201), (BODY_MAX_BYTES + 1, 413)])
def test_a_body_over_the_limit_is_413(client, size, status):
    response = client.open(**POST, data=padded(size), content_type="application/json")
    assert response.status_code == status


def chunks(body):
    """Return a request with a chunked body."""
    head = (
        b"POST /things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def status(answer):
    """Return the status of a response, after checking its type."""
    code = int(answer.split(b" ")[1])
    assert code < 400 or b"Content-Type: application/problem+json\r\n" in answer
    return code


def test_a_body_in_chunks_over_the_limit_is_413(serve):
    """Werkzeug silently cuts such a body at the limit."""
    server = serve()
    assert status(server.raw(chunks(padded(BODY_MAX_BYTES)))) == 201
    assert status(server.raw(chunks(padded(BODY_MAX_BYTES + 1)))) == 413
    assert status(server.raw(chunks(padded(20_000_000)))) == 413


HEAD = b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def test_a_copied_document_shares_its_schemas():
    schema = NoQuery()
    assert deepcopy({"schema": schema})["schema"] is schema
