"""Fixtures for tests of resources."""

import pytest

from flask_things.db.session import db
from tests.support.things import create_things


@pytest.fixture
def having(app, client):
    """Return a function that stores texts and returns those that a search finds."""

    def search(texts, q):
        with app.app_context():
            create_things(db.session, [{"text": text} for text in texts])
        return [thing["text"] for thing in client.get("/things", query_string={"q": q}).json]

    return search
