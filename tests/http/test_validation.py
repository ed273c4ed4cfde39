"""Where a request is not valid, the 422 points at every place."""

import pytest

POST = {"path": "/things", "method": "POST", "content_type": "application/json"}


def errors(response):
    """Return the errors of a 422, after a look at the rest of it."""
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert response.json["title"] == "Unprocessable Content"
    return response.json["errors"]


def test_a_missing_text_is_422_and_named(client):
    response = client.post("/things", json={})
    assert errors(response) == [{"detail": "Missing data for required field.", "pointer": "#/text"}]
    assert response.json["detail"] == "The request has 1 invalid field."


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"text": 1}', "#/text"),
        ('{"text": null}', "#/text"),
        ('{"text": ["x"]}', "#/text"),
        ('{"text": 1e999}', "#/text"),
        ('{"text": "\\ud800"}', "#/text"),
        ('{"text": "\\udc00\\ud800"}', "#/text"),
        ('{"text": "a\\u0000b"}', "#/text"),
        (f'{{"text": "{"x" * 100_001}"}}', "#/text"),
        ('{"text": "x", "colour": 1}', "#/colour"),
        ('{"text": "x", "": 1}', "#/"),
        ('{"text": "x", "a/b~c ä": 1}', "#/a~1b~0c%20%C3%A4"),
        ('{"text": "x", "\\ud800": 1}', "#/%3F"),
        ("[]", "#"),
        ("null", "#"),
        ('"text"', "#"),
        ("7", "#"),
    ],
)
def test_an_invalid_body_is_422_and_the_place_is_pointed_at(client, body, pointer):
    assert [error["pointer"] for error in errors(client.open(**POST, data=body))] == [pointer]


def test_every_invalid_field_is_named(client):
    response = client.post("/things", json={"text": 1, "colour": "red"})
    assert {error["pointer"] for error in errors(response)} == {"#/text", "#/colour"}
    assert response.json["detail"] == "The request has 2 invalid fields."


def test_a_hostile_body_is_not_answered_with_a_bigger_one(client):
    body = {f"k{n}": n for n in range(10_000)}
    response = client.post("/things", json=body)
    assert len(errors(response)) == 100
    assert response.json["detail"] == "The request has 10001 invalid fields."


def test_a_patch_cannot_take_the_text_away(client):
    client.post("/things", json={"text": "x"})
    response = client.patch("/things/1", json={"text": None})
    assert [error["pointer"] for error in errors(response)] == ["#/text"]


@pytest.mark.parametrize("query", ["colour=red", "colour=red&colour=blue", "colour"])
def test_a_query_parameter_that_is_not_taken_is_422_on_every_call_for_things(app, client, query):
    client.post("/things", json={"text": "x"})
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("things.")]
    calls = [(rule, method) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}]
    assert len(calls) == 9
    for rule, method in calls:
        path = rule.rule.replace("<id:thing_id>", "1")
        body = [{"text": "y"}] if path == "/things/bulk" else {"text": "y"}
        response = client.open(f"{path}?{query}", method=method, json=body)
        assert [error["parameter"] for error in errors(response)] == ["colour"]
    assert [thing["text"] for thing in client.get("/things").json] == ["x"]


def test_other_paths_ignore_their_query(client):
    assert client.get("/healthz?colour=red").status_code == 200


def test_an_unknown_field_is_named_even_if_it_is_called_as_marshmallow_calls_the_whole(client):
    response = client.post("/things", json={"text": "x", "_schema": 1})
    assert [error["pointer"] for error in errors(response)] == ["#/_schema"]
    response = client.post("/things/bulk", json=[{"text": "x", "_schema": 1}])
    assert [error["pointer"] for error in errors(response)] == ["#/0/_schema"]
    response = client.get("/things?_schema=1")
    assert [error["parameter"] for error in errors(response)] == ["_schema"]


@pytest.mark.parametrize("name", ["x" * 201, "🍏" * 400_000])
def test_an_unknown_field_with_a_very_long_name_is_not_repeated(client, name):
    """An answer to a hostile body must not be longer than the body."""
    response = client.post("/things", json={"text": "", name: 1})
    assert errors(response) == [{"detail": "Unknown field.", "pointer": "#"}]
