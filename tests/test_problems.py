"""Every failure is a problem document that says what is wrong (RFC 9457)."""

import pytest
from flask_smorest import abort
from sqlalchemy.exc import OperationalError

from flask_things.db import sqlite3

POST = {"path": "/things", "method": "POST", "content_type": "application/json"}


def errors(response):
    """Return the errors of a 422, after a look at the rest of it."""
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert response.json["title"] == "Unprocessable Content"
    return response.json["errors"]


def test_an_unknown_path_is_a_problem(client):
    response = client.get("/nowhere")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert response.json["type"] == "about:blank"
    assert response.json["title"] == "Not Found"
    assert response.json["status"] == 404
    assert response.json["detail"]


def test_a_method_that_is_not_there_is_405_with_allow(client):
    response = client.delete("/things")
    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_the_headers_and_words_of_an_abort_are_kept(app, client):
    """flask-smorest's own handler drops the description."""

    @app.get("/busy")
    def busy():
        abort(503, message="Come back.", headers={"Retry-After": "7"})

    response = client.get("/busy")
    assert (response.status_code, response.json["detail"]) == (503, "Come back.")
    assert response.headers["Retry-After"] == "7"


def test_an_error_that_is_answered_and_not_raised_is_a_problem_too(client):
    """Werkzeug does so where a precondition of a file does not hold, and sends the file along."""
    response = client.get("/static/docs.js", headers={"If-Match": '"x"'})
    assert (response.status_code, response.content_type) == (412, "application/problem+json")
    assert response.json["title"] == "Precondition Failed"
    assert "X-Request-ID" in response.headers


def test_a_crash_tells_the_client_nothing_and_the_log_all(app, client, caplog):
    @app.get("/crash")
    def crash():
        raise RuntimeError("a secret")

    response = client.get("/crash")
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert "secret" not in response.text
    assert "a secret" in caplog.text
    assert "Traceback" in caplog.text


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
    assert len(calls) == 6
    for rule, method in calls:
        path = rule.rule.replace("<id:thing_id>", "1")
        response = client.open(f"{path}?{query}", method=method, json={"text": "y"})
        assert [error["parameter"] for error in errors(response)] == ["colour"]
    assert [thing["text"] for thing in client.get("/things").json] == ["x"]


def test_other_paths_ignore_their_query(client):
    assert client.get("/healthz?colour=red").status_code == 200


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("DELETE /things?x=1 no-type", 405),
        ("PUT /things/7?x=1 no-type", 415),
        ("PUT /things/7?x=1 too-large", 413),
        ("PUT /things/7?x=1 no-json", 400),
        ("PUT /things/7?x=1 json", 422),
        ("PUT /things/0 invalid", 422),
        ("PUT /things/7 json", 404),
    ],
)
def test_of_several_problems_the_contract_s_first_answers(client, first, then):
    method, path, kind = first.split()
    body = {"too-large": b"x" * 3_000_000, "no-json": b"x", "invalid": b"{}"}.get(
        kind, b'{"text":""}'
    )
    content_type = None if kind == "no-type" else "application/json"
    response = client.open(path, method=method, data=body, content_type=content_type)
    assert response.status_code == then


@pytest.mark.parametrize(
    ("name", "status", "retry_after"),
    [
        ("SQLITE_BUSY", 503, "1"),
        ("SQLITE_BUSY_SNAPSHOT", 503, "1"),
        ("SQLITE_READONLY", 503, "1"),
        ("SQLITE_IOERR_WRITE", 503, "1"),
        ("SQLITE_FULL", 507, None),
        ("SQLITE_ERROR", 500, None),
    ],
)
def test_what_the_database_says_has_a_status(app, client, name, status, retry_after):
    @app.get("/database")
    def database():
        error = sqlite3.OperationalError("inside knowledge")
        error.sqlite_errorname = name
        raise OperationalError("SELECT 1", None, error)

    response = client.get("/database")
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.headers.get("Retry-After") == retry_after
    assert "inside" not in response.text


def test_while_another_process_writes_a_write_is_503_and_a_read_200(short_wait, client, environ):
    client.post("/things", json={"text": "x"})
    other = sqlite3.connect(environ["THINGS_DATABASE_URL"].removeprefix("sqlite:///"))
    other.execute("BEGIN IMMEDIATE")
    try:
        response = client.put("/things/1", json={"text": "y"})
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
        assert client.get("/things/1").json["text"] == "x"
    finally:
        other.close()
    assert client.put("/things/1", json={"text": "y"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/things", "/nowhere", "/docs", "/openapi.json", "/docs/assets/x"]
)
def test_every_response_has_an_id_and_nosniff(client, path):
    first, second = client.get(path), client.get(path)
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("sent", "kept"), [("a-B.7_", True), ("x" * 128, True), ("x" * 129, False)]
)
def test_a_usable_request_id_is_kept(client, sent, kept):
    response = client.get("/things", headers={"X-Request-ID": sent})
    assert (response.headers["X-Request-ID"] == sent) is kept


@pytest.mark.parametrize("sent", ["", "a b", "a,b", "ä", "a\tb"])
def test_another_request_id_is_replaced(client, sent):
    response = client.get("/things", headers={"X-Request-ID": sent})
    assert response.headers["X-Request-ID"] not in ("", sent)
