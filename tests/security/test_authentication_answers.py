"""Responses to a token are private, and the document shows where tokens are required."""

from datetime import timedelta

import pytest

from flask_things.db.session import db
from flask_things.db.types import utc_now
from flask_things.security import tokens
from tests.support.tokens import assert_401, bearer, let_expire, secret_of, write


@pytest.fixture
def environ(environ, mode):
    """Return settings that require tokens."""
    environ["THINGS_AUTH"] = mode
    return environ


def test_an_expired_token_is_401_even_if_its_response_is_cached(app, client, make):
    headers = make(days=1)
    assert client.get("/things", headers=headers).status_code == 200
    let_expire(app)
    assert_401(client.get("/things", headers=headers))


def test_an_answer_in_memory_ends_with_its_token(app, client, make, monkeypatch):
    """An expiry is not a write, so the cache cannot detect it."""
    headers = make(days=1)
    assert client.get("/things", headers=headers).status_code == 200
    tomorrow = utc_now() + timedelta(days=1)
    monkeypatch.setattr("flask_things.http.cache.time", tomorrow.timestamp)
    monkeypatch.setattr("flask_things.security.tokens.utc_now", lambda: tomorrow)
    assert_401(client.get("/things", headers=headers))


def test_an_answer_in_memory_is_not_for_another(client, make):
    assert client.get("/things", headers=make()).status_code == 200
    assert_401(client.get("/things"), error="")
    assert_401(client.get("/things", headers=bearer("things_1_x")))


def test_a_response_to_a_token_is_private(client, make):
    headers = make()
    answers = [write(client, "POST", headers), client.get("/things/1", headers=headers)]
    answers.append(client.get("/things/1", headers=headers))
    known = {"If-None-Match": answers[1].headers["ETag"]}
    answers.append(client.get("/things/1", headers=headers | known))
    assert [answer.status_code for answer in answers] == [201, 200, 200, 304]
    answers += [client.get("/things", headers=headers), client.get("/things", headers=headers)]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"private, no-cache"}
    export = client.get("/things.csv", headers=headers)
    assert export.headers["Cache-Control"] == "no-store"


def test_a_key_of_one_token_is_not_another_s(client, make):
    key = {"Idempotency-Key": "1"}
    first, second = (make(name) for name in ("first", "second"))
    assert write(client, "POST", first | key).json["id"] == 1
    assert write(client, "POST", second | key).json["id"] == 2
    assert write(client, "POST", first | key).json["id"] == 1


def test_a_revoked_token_is_refused_at_once_by_every_worker(serve, environ, app, make):
    headers = make()
    server = serve(WEB_CONCURRENCY="4")
    assert {server.request("GET", "/things", headers=headers)[0] for _ in range(40)} == {200}
    with app.app_context():
        tokens.revoke_token(db.session, "writer")
    assert {server.request("GET", "/things", headers=headers)[0] for _ in range(40)} == {401}


def test_a_token_is_in_no_log(serve, make):
    headers = make()
    server = serve()
    for path in ("/things", "/things/1", "/things?x=1"):
        server.request("GET", path, headers=headers)
    server.request("POST", "/things", b"{", headers)
    server.stop()
    assert secret_of(headers).split("_", 2)[2] not in server.log.read_text()


def test_the_document_shows_which_calls_need_a_token(client):
    paths = client.get("/openapi.json").json["paths"]
    assert paths["/things"]["get"]["security"] == [{"bearer": []}]
    assert {"401", "403"} < set(paths["/things"]["post"]["responses"])
    assert paths["/healthz"]["get"]["security"] == []


def test_the_document_explains_where_a_token_comes_from(client):
    document = client.get("/openapi.json").json
    scheme = document["components"]["securitySchemes"]["bearer"]
    for text in (scheme["description"], document["info"]["description"]):
        assert "`flask tokens create NAME`" in text


@pytest.mark.parametrize("mode", ["write"])
def test_the_document_shows_where_a_token_is_optional(client):
    paths = client.get("/openapi.json").json["paths"]
    assert paths["/things"]["get"]["security"] == [{"bearer": []}, {}]
    assert paths["/things"]["post"]["security"] == [{"bearer": []}]


@pytest.mark.parametrize("mode", ["off"])
def test_the_document_has_no_security_if_authentication_is_off(client):
    response = client.get("/openapi.json")
    assert "bearer" not in response.text
    assert response.json["paths"]["/things"]["post"]["security"] == []
