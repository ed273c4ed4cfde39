"""How often a client may ask."""

import os
import re
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_things.db.session import db
from flask_things.security.tokens import create_token
from tests.support.server import JSON, free_port, wait_until

#: The database makes no difference: one is enough.
pytestmark = pytest.mark.sqlite

REDIS = shutil.which("redis-server")


@pytest.fixture
def rate():
    """Return what THINGS_RATE_LIMIT is."""
    return "3/hour"


@pytest.fixture
def auth():
    """Return what THINGS_AUTH is."""
    return "off"


@pytest.fixture
def environ(environ, rate, auth):
    """Return settings with a limit."""
    return environ | {"THINGS_RATE_LIMIT": rate, "THINGS_AUTH": auth}


class Redis:
    """A Redis server of the test's own."""

    def __init__(self, folder):
        """Start it."""
        self.port = free_port()
        command = [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("Redis does not start")

    def stop(self):
        """End it."""
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def redis(tmp_path):
    """Return a Redis server."""
    if not REDIS and "CI" not in os.environ:
        pytest.skip("there is no redis-server on this machine")
    server = Redis(tmp_path)
    yield server
    server.stop()


def statuses(client, count, **how):
    """Return the statuses of some requests."""
    return [client.get("/things", **how).status_code for _ in range(count)]


def test_who_asks_too_often_is_told_to_wait(client):
    assert statuses(client, 3) == [200] * 3
    answer = client.get("/things")
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    assert 3590 < int(answer.headers["Retry-After"]) <= 3600


def test_every_answer_says_what_is_left(client):
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
def test_what_is_there_for_everybody_is_not_limited(client, path):
    assert {client.get(path).status_code for _ in range(5)} == {200}


@pytest.mark.parametrize("auth", ["all"])
def test_tokens_are_counted_by_themselves(app, client):
    with app.app_context():
        made = [create_token(db.session, name) for name in "ab"]
    for token in made:
        headers = {"Authorization": f"Bearer {token}"}
        assert statuses(client, 4, headers=headers) == [200] * 3 + [429]


@pytest.mark.parametrize("auth", ["all"])
def test_who_guesses_tokens_is_counted_by_the_address(client):
    guesses = [{"Authorization": f"Bearer things_1_{n}"} for n in range(4)]
    answers = [client.get("/things", headers=guess).status_code for guess in guesses]
    assert answers == [401] * 3 + [429]


@pytest.mark.sqlite
@pytest.mark.parametrize("rate", ["20/hour"])
def test_a_worker_counts_exactly_from_its_first_request_on(serve):
    server = serve(WEB_CONCURRENCY="1")
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: server.request("GET", "/things")[0], range(40)))
    assert (answers.count(200), answers.count(429)) == (20, 20)


@pytest.mark.parametrize("rate", ["20/hour"])
def test_with_redis_all_workers_count_together(serve, redis):
    server = serve(WEB_CONCURRENCY="4", THINGS_REDIS_URL=f"redis://127.0.0.1:{redis.port}")
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: server.request("GET", "/things")[0], range(60)))
    assert (answers.count(200), answers.count(429)) == (20, 40)


def test_without_its_redis_a_worker_counts_by_itself(serve, redis):
    server = serve(WEB_CONCURRENCY="1", THINGS_REDIS_URL=f"redis://127.0.0.1:{redis.port}")
    assert server.request("GET", "/things")[0] == 200
    redis.stop()
    answers = [server.request("GET", "/things")[0] for _ in range(4)]
    assert answers == [200] * 3 + [429]


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize("rate", ["100/minute"])
@pytest.mark.parametrize("auth", ["all"])
@pytest.mark.parametrize("place", ["memory", "redis"])
def test_the_log_of_a_healthy_service_has_no_traceback(serve, app, request, place):
    """With every feature on."""
    with app.app_context():
        headers = JSON | {"Authorization": f"Bearer {create_token(db.session, 'somebody')}"}
    redis = request.getfixturevalue("redis") if place == "redis" else None
    server = serve(
        THINGS_CORS_ORIGINS="https://app.example",
        THINGS_METRICS_PORT=str(free_port()),
        THINGS_REDIS_URL=f"redis://127.0.0.1:{redis.port}" if redis else "",
        THINGS_SERVER_TIMING="on",
        THINGS_TRUSTED_HOSTS="things.example",
        THINGS_TRUSTED_PROXIES="127.0.0.1",
    )
    for path in ("/things", "/things", "/things?total=true&q=abc", "/things.csv", "/nowhere"):
        assert server.request("GET", path, headers=headers)[0] in (200, 404)
    assert server.request("POST", "/things", {"text": "x"}, headers)[0] == 201
    assert server.request("POST", "/things", {"text": "x"})[0] == 401
    before = set(server.workers())
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: before.isdisjoint(server.workers()))
    assert server.request("GET", "/things", headers=headers)[0] == 200
    assert server.stop()[0] == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("rate", [""])
def test_without_a_limit_none_is_spoken_of(client):
    answer = client.get("/things")
    assert not any(name.startswith("RateLimit") for name, _ in answer.headers)
    assert "TooManyRequests" not in client.get("/openapi.json").text


def test_the_document_says_that_there_is_a_limit(client):
    document = client.get("/openapi.json").json
    assert "429" in document["paths"]["/things"]["get"]["responses"]
    assert "429" not in document["paths"]["/healthz"]["get"]["responses"]
