"""How long an Idempotency-Key is kept, and how expired keys are removed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from flask_things.db.session import db
from flask_things.http import idempotency
from tests.support.idempotency import post, texts
from tests.support.server import wait_until


@pytest.fixture
def later(monkeypatch):
    """Return a function that advances the clock."""
    now = idempotency.utc_now

    def pass_time(**span):
        monkeypatch.setattr(idempotency, "utc_now", lambda: now() + timedelta(**span))

    return pass_time


def test_a_key_is_kept_for_24_hours(client, later):
    post(client)
    later(hours=23, minutes=59)
    assert "Idempotency-Replayed" in post(client).headers


@pytest.mark.parametrize("text", ["x", "another"])
def test_a_key_is_free_after_24_hours(client, later, text):
    post(client)
    later(hours=24, seconds=1)
    assert "Idempotency-Replayed" not in post(client, text).headers
    assert texts(client) == ["x", text]
    assert "Idempotency-Replayed" in post(client, text).headers


def test_an_expired_key_is_unused_even_before_its_removal(client, later, monkeypatch):
    post(client)
    later(hours=25)
    monkeypatch.setattr(idempotency, "SWEEP_ROWS", 0)
    assert "Idempotency-Replayed" not in post(client).headers


def count_kept(connection):
    """Return the number of stored responses."""
    [(number,)] = connection.execute("SELECT count(*) FROM kept_answer").fetchall()
    connection.rollback()
    return number


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_any_write_removes_old_keys_a_few_at_a_time(client, later, connection, monkeypatch, method):
    monkeypatch.setattr(idempotency, "SWEEP_ROWS", 3)
    for n in range(5):
        post(client, **{"Idempotency-Key": f"old-{n}"})
    later(hours=25)
    left = []
    for n in range(1, 3):
        path = "/things" if method == "POST" else f"/things/{n}"
        assert client.open(path, method=method, json={"text": "new"}).status_code < 300
        left.append(count_kept(connection))
    assert left == [2, 0]


def test_a_request_with_a_key_removes_more_than_it_brings(client, later, connection, monkeypatch):
    monkeypatch.setattr(idempotency, "SWEEP_ROWS", 3)
    for n in range(5):
        post(client, **{"Idempotency-Key": f"old-{n}"})
    later(hours=25)
    left = []
    for n in range(3):
        post(client, **{"Idempotency-Key": f"new-{n}"})
        left.append(count_kept(connection))
    assert left == [2 + 1, 0 + 2, 0 + 3]


def test_a_write_that_finds_few_old_keys_lets_others_rest_for_a_minute(app, client, later):
    later(hours=1)
    client.post("/things", json={"text": "x"})
    deletes = []
    with app.app_context():
        event.listen(
            db.engine, "before_cursor_execute", lambda *args: deletes.append("DELETE" in args[2])
        )
    later(hours=1, seconds=30)
    client.post("/things", json={"text": "x"})
    assert not any(deletes)
    later(hours=1, seconds=70)
    client.post("/things", json={"text": "x"})
    assert sum(deletes) == 1


@pytest.mark.postgresql
def test_a_retry_of_an_old_key_waits_for_a_sweeper_with_no_row_locked(client, later, connection):
    """Otherwise two retries that remove each other's keys could deadlock."""
    for key in ("a", "b"):
        post(client, **{"Idempotency-Key": key})
    later(hours=25)
    lock = "SELECT 1 FROM kept_answer WHERE key = %s FOR UPDATE"
    connection.execute(lock, ["a"])  # as the removal does
    with ThreadPoolExecutor(1) as thread:
        retry = thread.submit(post, client, **{"Idempotency-Key": "a"})
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: connection.execute(waiting).fetchall())
        connection.execute(f"{lock} NOWAIT", ["b"])
        connection.rollback()
        assert retry.result().status_code == 201


@pytest.mark.postgresql
def test_a_sweep_does_not_wait_for_a_row(client, later, connection):
    post(client)
    later(hours=25)
    connection.execute("SELECT 1 FROM kept_answer FOR UPDATE")
    assert client.post("/things", json={"text": "x"}).status_code == 201
