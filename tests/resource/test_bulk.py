"""Many things at once."""

import json

import pytest

from flask_things.transport.uploads import BODY_MAX_BYTES, BULK_BODY_MAX_BYTES

JSON = {"Content-Type": "application/json"}


def pointers(response):
    """Return where a refused body was refused for."""
    assert response.status_code == 422, response.text
    return [error["pointer"] for error in response.json["errors"]]


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_things_are_made_in_the_order_sent(client, count):
    response = client.post("/things/bulk", json=[{"text": str(n)} for n in range(count)])
    assert response.status_code == 201
    assert [thing["text"] for thing in response.json] == [str(n) for n in range(count)]
    ids = [thing["id"] for thing in response.json]
    assert ids == sorted(set(ids))
    assert client.get("/things?limit=1000").json == response.json


@pytest.mark.parametrize("count", [0, 1001, 100_000])
def test_none_or_more_than_1000_are_422(client, count):
    response = client.post("/things/bulk", json=[{"text": "x"}] * count)
    assert pointers(response) == ["#"]
    assert client.get("/things").json == []


@pytest.mark.parametrize("body", [{"text": "x"}, "x", 5, None, True])
def test_what_is_no_array_is_422(client, body):
    assert pointers(client.post("/things/bulk", data=json.dumps(body), headers=JSON)) == ["#"]


@pytest.mark.parametrize(
    ("item", "pointer"),
    [
        ({"text": 5}, "#/3/text"),
        ({"text": "a\x00"}, "#/3/text"),
        ({"text": "x" * 100_001}, "#/3/text"),
        ({}, "#/3/text"),
        ({"text": "x", "colour": "red"}, "#/3/colour"),
        (7, "#/3"),
        (None, "#/3"),
        ([], "#/3"),
    ],
)
def test_an_error_points_at_its_item_and_nothing_is_made(client, item, pointer):
    good = {"text": "good"}
    response = client.post("/things/bulk", json=[good, good, good, item, good])
    assert pointers(response) == [pointer]
    assert client.get("/things").json == []


def test_things_that_were_got_can_be_sent(client):
    things = client.post("/things/bulk", json=[{"text": "a"}, {"text": "b"}]).json
    copies = client.post("/things/bulk", json=things).json
    assert [thing["text"] for thing in copies] == ["a", "b"]
    assert [thing["id"] for thing in copies] == [3, 4]


def test_no_more_than_100_errors_are_listed(client):
    assert len(pointers(client.post("/things/bulk", json=[5] * 1000))) == 100


def test_a_body_of_16_mib_is_taken_and_a_byte_more_is_413(client):
    things = json.dumps([{"text": "x" * 99_000}] * 150).encode()
    assert len(things) > BODY_MAX_BYTES
    full = things + b" " * (BULK_BODY_MAX_BYTES - len(things))
    assert client.post("/things/bulk", data=full, headers=JSON).status_code == 201
    assert client.post("/things/bulk", data=full + b" ", headers=JSON).status_code == 413


def test_one_thing_still_has_2_mib(client):
    body = b'{"text": "x"}'
    full = body + b" " * (BODY_MAX_BYTES - len(body))
    assert client.post("/things", data=full, headers=JSON).status_code == 201
    assert client.post("/things", data=full + b" ", headers=JSON).status_code == 413


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_another_method_is_405_and_no_look_up_of_an_id(client, method):
    response = client.open("/things/bulk", method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_another_type_is_415(client):
    response = client.post("/things/bulk", data="[]", headers={"Content-Type": "text/json"})
    assert response.status_code == 415
