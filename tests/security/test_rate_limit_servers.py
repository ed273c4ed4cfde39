"""Rate limits of real servers: counts per worker, or shared in Redis."""

import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_things.db.session import db
from flask_things.security.tokens import create_token
from tests.support.server import JSON, free_port, wait_until

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

REDIS = shutil.which("redis-server")


@pytest.fixture
def environ(environ, rate, auth):
    """Return settings with a limit."""
    return environ | {"THINGS_RATE_LIMIT": rate, "THINGS_AUTH": auth}


class Redis:
    """A Redis server for the test."""

    def __init__(self, folder):
        self.port = free_port()
        command = [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("Redis does not start")

    def stop(self):
        """Stop the server."""
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
    """With all features enabled."""
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
