"""The HTTP contract of things."""

from datetime import UTC, datetime

from sqlalchemy import insert

from flask_things.db.session import db
from tests.support.things import Thing


def test_people_can_read_the_characters_of_an_answer(client):
    """JSON may escape them, but curl shows the raw response."""
    assert "äpfel 🍏".encode() in client.post("/things", json={"text": "äpfel 🍏"}).data


def test_times_are_utc_with_microseconds_even_where_those_are_zero(app, client):
    with app.app_context():
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        db.session.execute(insert(Thing).values(text="", created_at=moment))
        db.session.commit()
    thing = client.get("/things/1").json
    assert thing["created_at"] == thing["updated_at"] == "2026-01-02T03:04:05.000000Z"
