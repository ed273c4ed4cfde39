"""The Server-Timing header."""

import re
import time

import pytest

from flask_things.observability.server_timing import Timing
from flask_things.observability.timing import SPENT, timed


@pytest.fixture
def telling(environ):
    """Enable Server-Timing."""
    environ["THINGS_SERVER_TIMING"] = "on"


def durations(response):
    """Return the milliseconds of a response by activity."""
    header = response.headers["Server-Timing"]
    return {name: float(value) for name, value in re.findall(r"(\w+);dur=([\d.]+)", header)}


def test_nothing_is_measured_unless_enabled(app, client):
    assert not isinstance(app.wsgi_app, Timing)
    assert "Server-Timing" not in client.get("/things").headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_tells_its_time_and_the_database_s(telling, client, method):
    response = client.open("/things", method=method, json={"text": "x"})
    durations_ms = durations(response)
    assert durations_ms.keys() == {"total", "db"}
    assert "cache" not in response.headers["Server-Timing"]
    assert 0 < durations_ms["db"] < durations_ms["total"]


@pytest.mark.sqlite
def test_a_cached_response_is_marked(telling, client):
    client.get("/things")
    response = client.get("/things")
    assert durations(response).keys() == {"total"}
    assert response.headers["Server-Timing"].endswith(", cache;desc=hit")
    assert len(response.headers.getlist("Server-Timing")) == 1


def test_a_response_without_the_database_has_no_database_time(telling, client):
    assert durations(client.get("/healthz")).keys() == {"total"}


def test_nested_times_are_not_counted_twice():
    spent = {}
    token = SPENT.set(spent)
    with timed("database"), timed("gate"):
        time.sleep(0.05)
    SPENT.reset(token)
    assert spent["gate"] > 0.04
    assert spent["database"] < 0.04
