"""A fixture with many things, for all tests."""

import pytest

from flask_things.db.session import db
from tests.support.things import create_things

TEXTS = ["b", "a", "B", "a", "", "é", "z", "🍏", "\uffff", "x" * 300 + "2", "x" * 300 + "1"]


@pytest.fixture
def things(app, client):
    """Return things, many with equal sort values."""
    with app.app_context():
        create_things(db.session, [{"text": text} for text in TEXTS])
        create_things(db.session, [{"text": text} for text in TEXTS])
    ids = [n for n in range(1, 2 * len(TEXTS) + 1) if "xxx" not in TEXTS[(n - 1) % len(TEXTS)]]
    for thing_id in ids[::-3]:
        client.put(f"/things/{thing_id}", json={"text": f"changed {thing_id}"})
    return client.get("/things").json
