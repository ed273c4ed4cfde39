"""What an event stream sends besides changes."""

import json
from itertools import islice

import pytest

from flask_things.db.backend import Unavailable
from flask_things.resource.history import events
from flask_things.things import THINGS
from tests.support.events import EVENTS, received
from tests.support.server import next_page


@pytest.fixture
def short_comments(monkeypatch):
    """Shorten the interval of comments."""
    monkeypatch.setattr(events, "COMMENT_S", 0.3)


def chunks(response, count):
    """Return the next chunks of a stream."""
    return [chunk.decode() for chunk in islice(response.response, count)]


def test_a_quiet_stream_sends_comments(client, short_comments):
    with client.get("/things/changes", headers=EVENTS) as response:
        assert chunks(response, 3)[1:] == [":\n\n", ":\n\n"]


def test_a_comment_brings_the_new_place_when_something_else_has_changed(
    client, app, short_comments, execute
):
    """A client would otherwise return with a position that has expired."""
    with client.get("/things/changes", headers=EVENTS) as response:
        assert chunks(response, 1)
        execute("INSERT INTO journal (table_name, row_id, change) VALUES ('x', 1, 'created')")
        sent = "".join(chunks(response, 2))
        now = next_page(client.get("/things/changes").headers).partition("since=")[2]
        assert f":\nid: {now}\n\n" in sent


def test_a_long_line_is_one_line(client):
    since = next_page(client.get("/things/changes").headers)
    thing = client.post("/things", json={"text": "a\r\n\nb\u2028\u0085c"}).json
    with client.get(since, headers=EVENTS) as response:
        _, event = islice(received(response), 2)
    assert json.loads(event["data"])["thing"] == thing


def test_a_stream_survives_a_database_that_is_away_for_a_moment(client, app, monkeypatch, execute):
    monkeypatch.setattr(events, "AWAY_S", 0.1)
    since = next_page(client.get("/things/changes").headers)
    with client.get(since, headers=EVENTS) as response:
        sent = received(response)
        next(sent)
        read, failed = THINGS.feed.page, []

        def fail_once(*args, **kwargs):
            if not failed:
                failed.append(1)
                raise Unavailable
            return read(*args, **kwargs)

        monkeypatch.setattr(THINGS.feed, "page", fail_once)
        execute("INSERT INTO thing (text) VALUES ('x')")
        assert next(sent)["event"] == "created"
        assert failed
