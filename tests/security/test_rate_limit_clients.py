"""Rate limits: what counts as one client, and the responses."""

import re

import pytest

from flask_things.db.session import db
from flask_things.security.tokens import create_token
from tests.support.server import wait_until

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite


@pytest.fixture
def environ(environ, rate, auth):
    """Return settings with a limit."""
    return environ | {"THINGS_RATE_LIMIT": rate, "THINGS_AUTH": auth}


def statuses(client, count, **how):
    """Return the statuses of some requests."""
    return [client.get("/things", **how).status_code for _ in range(count)]


def test_a_client_over_the_limit_gets_429_with_retry_after(client):
    assert statuses(client, 3) == [200] * 3
    answer = client.get("/things")
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    assert 3590 < int(answer.headers["Retry-After"]) <= 3600


def test_every_response_has_the_remaining_requests(client):
    answers = [client.get(path) for path in ("/things", "/things/1", "/things?x=1", "/things")]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"default";q=3;w=3600'}
    left = [re.match(r'"default";r=(\d);t=3\d\d\d', a.headers["RateLimit"])[1] for a in answers]
    assert left == ["2", "1", "0", "0"]


def test_a_refused_write_is_not_done(client):
    statuses(client, 3)
    assert client.post("/things", json={"text": "x"}).status_code == 429
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    assert client.get("/things").json == []


@pytest.mark.parametrize("rate", ["2/second"])
def test_after_a_while_it_may_ask_again(client):
    wait_until(lambda: 429 in statuses(client, 3))
    wait_until(lambda: statuses(client, 1) == [200], 3)


def test_addresses_are_counted_by_themselves(client):
    for address in ("192.0.2.1", "192.0.2.2"):
        client.environ_base["REMOTE_ADDR"] = address
        assert statuses(client, 4) == [200] * 3 + [429]


@pytest.mark.parametrize(
    ("first", "second"),
    [("2001:db8::1", "2001:db8::ffff:1"), ("192.0.2.1", "::ffff:192.0.2.1")],
)
def test_addresses_of_one_client_are_counted_together(client, first, second):
    """An IPv6 client has a whole /64 and could use a new address for each request."""
    client.environ_base["REMOTE_ADDR"] = first
    assert statuses(client, 3) == [200] * 3
    client.environ_base["REMOTE_ADDR"] = second
    assert statuses(client, 1) == [429]


def test_ipv6_networks_are_counted_by_themselves(client):
    for address in ("2001:db8:0:1::1", "2001:db8:0:2::1"):
        client.environ_base["REMOTE_ADDR"] = address
        assert statuses(client, 4) == [200] * 3 + [429]


def test_a_preflight_is_neither_counted_nor_refused(client):
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    for status in [200] * 3 + [429]:
        assert client.options("/things/1", headers=asks).status_code == 200
        assert statuses(client, 1) == [status]
    assert client.options("/things/1", headers=asks).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json"])
def test_public_paths_are_not_limited(client, path):
    assert {client.get(path).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize("auth", ["all"])
def test_tokens_are_counted_by_themselves(app, client):
    with app.app_context():
        made = [create_token(db.session, name) for name in "ab"]
    for token in made:
        headers = {"Authorization": f"Bearer {token}"}
        assert statuses(client, 4, headers=headers) == [200] * 3 + [429]


@pytest.mark.parametrize("auth", ["all"])
def test_a_client_that_guesses_tokens_is_counted_by_address(client):
    guesses = [{"Authorization": f"Bearer things_1_{n}"} for n in range(4)]
    answers = [client.get("/things", headers=guess).status_code for guess in guesses]
    assert answers == [401] * 3 + [429]


@pytest.mark.parametrize("rate", [""])
def test_without_a_limit_there_are_no_ratelimit_headers(client):
    answer = client.get("/things")
    assert not any(name.startswith("RateLimit") for name, _ in answer.headers)
    assert "TooManyRequests" not in client.get("/openapi.json").text


def test_the_document_shows_the_limit(client):
    document = client.get("/openapi.json").json
    assert "429" in document["paths"]["/things"]["get"]["responses"]
    assert "429" not in document["paths"]["/healthz"]["get"]["responses"]
