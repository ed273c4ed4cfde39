"""Access rights: tokens as THINGS_AUTH requires them."""

import pytest

from tests.support.tokens import WRITES, assert_401, bearer, secret_of, write

READS = ["/things", "/things/1", "/things?total=true&q=x", "/things.ndjson", "/things.csv"]
OPEN = ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/assets/swagger-ui.css", "/"]


@pytest.fixture
def environ(environ, mode):
    """Return settings that require tokens."""
    environ["THINGS_AUTH"] = mode
    return environ


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
def test_an_invalid_token_is_401(client, make, bad):
    token = secret_of(make())
    make("another")
    headers = {"Authorization": BAD[bad](token)}
    for method in WRITES:
        assert_401(write(client, method, headers))
    for path in READS:  # even where none is required
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
def test_a_valid_token_is_accepted(client, make, scheme):
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
def test_tokens_are_ignored_if_authentication_is_off(client):
    assert write(client, "POST", bearer("x")).status_code == 201


@pytest.mark.parametrize("path", OPEN)
def test_public_paths_need_no_token(client, path):
    for headers in ({}, bearer("x")):
        with client.get(path, headers=headers) as answer:  # it may have a file open
            assert answer.status_code < 400


@pytest.mark.parametrize("name", ["access_token", "token", "Authorization"])
def test_a_token_in_the_query_is_ignored(client, make, name):
    query = {name: secret_of(make())}
    assert_401(client.get("/things", query_string=query), error="")
    assert_401(client.post("/things", query_string=query, json={"text": "x"}), error="")


def test_a_refusal_comes_after_404_and_405_and_before_the_body(client):
    assert client.get("/nothing").status_code == 404
    assert client.delete("/things").status_code == 405
    assert client.options("/things").status_code == 200
    assert client.post("/things", data="x" * 3_000_000).status_code == 401
    assert client.put("/things/99", data="{", content_type="text/plain").status_code == 401
