"""A 422 points at every invalid part of a request."""

import pytest

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

POST = {"path": "/things", "method": "POST", "content_type": "application/json"}


def errors(response):
    """Return the errors of a 422, after checking the rest of it."""
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert response.json["title"] == "Unprocessable Content"
    return response.json["errors"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"text": "\\ud800"}', "#/text"),
        ('{"text": "\\udc00\\ud800"}', "#/text"),
        ('{"text": "a\\u0000b"}', "#/text"),
        ('{"text": "x", "\\ud800": 1}', "#/%3F"),
    ],
)
def test_an_invalid_body_is_422_and_the_place_is_pointed_at(client, body, pointer):
    assert [error["pointer"] for error in errors(client.open(**POST, data=body))] == [pointer]


def test_a_hostile_body_is_not_answered_with_a_bigger_one(client):
    body = {f"k{n}": n for n in range(10_000)}
    response = client.post("/things", json=body)
    assert len(errors(response)) == 100
    assert response.json["detail"] == "The request has 10001 invalid fields."


def test_other_paths_ignore_their_query(client):
    assert client.get("/healthz?colour=red").status_code == 200


def test_an_unknown_field_named_like_marshmallows_schema_key_is_reported(client):
    response = client.post("/things", json={"text": "x", "_schema": 1})
    assert [error["pointer"] for error in errors(response)] == ["#/_schema"]
    response = client.post("/things/bulk", json=[{"text": "x", "_schema": 1}])
    assert [error["pointer"] for error in errors(response)] == ["#/0/_schema"]
    response = client.get("/things?_schema=1")
    assert [error["parameter"] for error in errors(response)] == ["_schema"]


@pytest.mark.parametrize("name", ["x" * 201, "🍏" * 400_000])
def test_an_unknown_field_with_a_very_long_name_is_not_repeated(client, name):
    """The response to a hostile body must not be larger than the body."""
    response = client.post("/things", json={"text": "", name: 1})
    assert errors(response) == [{"code": "unknown", "detail": "Unknown field.", "pointer": "#"}]
