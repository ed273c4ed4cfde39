"""Streams end when their token is revoked or expires."""

import pytest

from flask_things.db.session import db
from flask_things.resource.history import events
from flask_things.security.tokens import create_token, revoke_token
from tests.support.events import EVENTS, received
from tests.support.tokens import bearer, let_expire


@pytest.fixture
def environ(environ, monkeypatch):
    """Return settings that require tokens, and shorten the interval of comments."""
    monkeypatch.setattr(events, "COMMENT_S", 0.2)
    return environ | {"THINGS_AUTH": "all"}


@pytest.fixture
def stream(app, client):
    """Return the stream of a client with a token."""
    with app.app_context():
        headers = bearer(create_token(db.session, "follower"))
    with client.get("/things/changes", headers={**EVENTS, **headers}) as response:
        assert response.status_code == 200
        yield received(response)


def test_a_revoked_token_ends_its_stream_by_the_next_comment(app, stream):
    assert "retry" in next(stream)
    with app.app_context():
        revoke_token(db.session, "follower")
    assert list(stream) == []


def test_an_expired_token_ends_its_stream_by_the_next_comment(app, stream):
    assert "retry" in next(stream)
    let_expire(app)
    assert [event for event in stream if "data" in event] == []


def test_a_stream_needs_a_token_like_any_read(client):
    assert client.get("/things/changes", headers=EVENTS).status_code == 401


def test_another_token_s_end_ends_no_stream(app, client, stream):
    next(stream)
    with app.app_context():
        headers = bearer(create_token(db.session, "other"))
        client.post("/things", json={"text": "x"}, headers=headers)
        revoke_token(db.session, "other")
    assert next(event for event in stream if "data" in event)["event"] == "created"
