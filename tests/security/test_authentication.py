"""Who may do what: tokens, where THINGS_AUTH wants them."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from flask_things.db.session import db
from flask_things.db.types import utc_now
from flask_things.security import tokens
from flask_things.security.tokens import Token

#: A call of each kind, in the order in which they can be made.
WRITES = {
    "POST": "/things",
    "PUT": "/things/1",
    "PATCH": "/things/1",
    "DELETE": "/things/1",
}
READS = ["/things", "/things/1", "/things?total=true&q=x", "/things.ndjson", "/things.csv"]
OPEN = ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/"]


@pytest.fixture
def mode():
    """Return what THINGS_AUTH is."""
    return "all"


@pytest.fixture
def environ(environ, mode):
    """Return settings that want tokens."""
    environ["THINGS_AUTH"] = mode
    return environ


@pytest.fixture
def make(app):
    """Return a function that makes a token and returns what a client sends."""

    def make(name="writer", **how):
        with app.app_context():
            return bearer(tokens.create_token(db.session, name, **how))

    return make


def bearer(token):
    """Return the header field that has a token."""
    return {"Authorization": f"Bearer {token}"}


def secret_of(headers):
    """Return the token that a header has."""
    return headers["Authorization"].removeprefix("Bearer ")


def let_expire(app):
    """Let all tokens expire now."""
    with app.app_context():
        db.session.execute(update(Token).values(expires_at=utc_now()))
        db.session.commit()


def write(client, method, headers=None):
    """Write something; return the answer."""
    return client.open(WRITES[method], method=method, json={"text": "x"}, headers=headers)


def assert_401(answer, error=', error="invalid_token"'):
    """Check that an answer is a refusal by the book."""
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="flask-things"{error}'
    assert answer.headers["Cache-Control"] == "no-store"


BAD = {
    "none at all": lambda token: "",
    "no token": lambda token: "Bearer",
    "an empty token": lambda token: "Bearer  ",
    "no scheme": lambda token: token,
    "another scheme": lambda token: f"Basic {token}",
    "parameters": lambda token: f"Bearer token={token}",
    "two": lambda token: f"Bearer {token}, Bearer {token}",
    "a good and a bad one": lambda token: f"Bearer {token},Bearer x",
    "cut": lambda token: f"Bearer {token[:-1]}",
    "longer": lambda token: f"Bearer {token}A",
    "another's id": lambda token: f"Bearer {token.replace('things_1_', 'things_2_')}",
    "no such id": lambda token: f"Bearer {token.replace('things_1_', 'things_9_')}",
    "an id out of range": lambda token: f"Bearer {token.replace('_1_', '_9999999999999999999_')}",
    "the secret only": lambda token: f"Bearer {token.split('_', 2)[2]}",
    "in capitals": lambda token: f"Bearer {token.upper()}",
    "not ASCII": lambda token: f"Bearer {token}\xe9",
    "quoted": lambda token: f'Bearer "{token}"',
}


@pytest.mark.sqlite
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("mode", ["write", "all"])
def test_what_is_no_good_token_is_401(client, make, bad):
    token = secret_of(make())
    make("another")
    headers = {"Authorization": BAD[bad](token)}
    for method in WRITES:
        assert_401(write(client, method, headers))
    for path in READS:  # also where none is needed
        assert_401(client.get(path, headers=headers))


@pytest.mark.parametrize("mode", ["write", "all"])
def test_a_write_without_a_token_is_401(client, make):
    for method in WRITES:
        assert_401(write(client, method), error="")
    assert client.get("/things", headers=make()).json == []


def test_a_read_without_a_token_is_401_where_all_need_one(client):
    for path in READS:
        assert_401(client.get(path), error="")
        assert client.head(path).status_code == 401


@pytest.mark.parametrize("mode", ["write"])
def test_a_read_is_free_where_only_writes_need_a_token(client, make):
    write(client, "POST", make())
    for path in READS:
        assert client.get(path).status_code == 200
    assert client.get("/things").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_good_token_lets_in(client, make, scheme):
    headers = {"Authorization": f"{scheme} {secret_of(make())}"}
    statuses = [write(client, method, headers).status_code for method in WRITES]
    assert statuses == [201, 200, 200, 204]
    assert client.get("/things", headers=headers).status_code == 200


@pytest.mark.parametrize("mode", ["write", "all"])
def test_a_token_for_reading_reads_and_its_writes_are_403(client, make):
    headers = make(read_only=True)
    for method in WRITES:
        answer = write(client, method, headers)
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert client.get("/things", headers=headers).json == []


@pytest.mark.parametrize("mode", ["off"])
def test_where_none_is_needed_no_token_is_looked_at(client):
    assert write(client, "POST", bearer("x")).status_code == 201


@pytest.mark.parametrize("path", OPEN)
def test_what_is_there_for_everybody_needs_no_token(client, path):
    for headers in ({}, bearer("x")):
        with client.get(path, headers=headers) as answer:  # it may hold a file
            assert answer.status_code < 400


@pytest.mark.parametrize("name", ["access_token", "token", "Authorization"])
def test_a_token_in_the_query_is_none(client, make, name):
    query = {name: secret_of(make())}
    assert_401(client.get("/things", query_string=query), error="")
    assert_401(client.post("/things", query_string=query, json={"text": "x"}), error="")


def test_a_refusal_comes_after_404_and_405_and_before_the_body(client):
    assert client.get("/nothing").status_code == 404
    assert client.delete("/things").status_code == 405
    assert client.options("/things").status_code == 200
    assert client.post("/things", data="x" * 3_000_000).status_code == 401
    assert client.put("/things/99", data="{", content_type="text/plain").status_code == 401


def test_an_expired_token_is_401_though_its_answer_is_in_memory(app, client, make):
    headers = make(days=1)
    assert client.get("/things", headers=headers).status_code == 200
    let_expire(app)
    assert_401(client.get("/things", headers=headers))


def test_an_answer_in_memory_ends_with_its_token(app, client, make, monkeypatch):
    """That it expires is no write which would be seen."""
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


def test_the_document_says_what_needs_a_token(client):
    paths = client.get("/openapi.json").json["paths"]
    assert paths["/things"]["get"]["security"] == [{"bearer": []}]
    assert {"401", "403"} < set(paths["/things"]["post"]["responses"])
    assert paths["/healthz"]["get"]["security"] == []


@pytest.mark.parametrize("mode", ["write"])
def test_the_document_says_where_a_token_may_be_left_out(client):
    paths = client.get("/openapi.json").json["paths"]
    assert paths["/things"]["get"]["security"] == [{"bearer": []}, {}]
    assert paths["/things"]["post"]["security"] == [{"bearer": []}]


@pytest.mark.parametrize("mode", ["off"])
def test_the_document_knows_no_tokens_where_there_are_none(client):
    response = client.get("/openapi.json")
    assert "bearer" not in response.text
    assert response.json["paths"]["/things"]["post"]["security"] == []
