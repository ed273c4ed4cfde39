"""Retries: Idempotency-Key."""

from datetime import timedelta

import pytest

from flask_things import idempotency

KEY = {"Idempotency-Key": "3f0c-1"}


def post(client, text="x", path="/things", **headers):
    """Post with a key."""
    body = [{"text": text}] if path == "/things/bulk" else {"text": text}
    return client.post(path, json=body, headers=KEY | headers)


def texts(client):
    """Return the texts of all things."""
    return [thing["text"] for thing in client.get("/things").json]


def without_id(response):
    """Return a response's header fields but for those that belong to one request."""
    return {k: v for k, v in response.headers.items() if k not in ("X-Request-ID", "Date")}


@pytest.fixture
def later(monkeypatch):
    """Return a function that lets time pass."""
    now = idempotency.utc_now

    def pass_time(**span):
        monkeypatch.setattr(idempotency, "utc_now", lambda: now() + timedelta(**span))

    return pass_time


@pytest.mark.parametrize("path", ["/things", "/things/bulk"])
def test_a_retry_gets_the_first_answer_and_makes_nothing(client, path):
    first, again = post(client, path=path), post(client, path=path)
    assert (again.status_code, again.data) == (201, first.data)
    assert without_id(again) == without_id(first) | {"Idempotency-Replayed": "true"}
    assert "Idempotency-Replayed" not in first.headers
    assert texts(client) == ["x"]


def test_the_first_answer_comes_even_when_the_thing_has_changed_or_gone(client):
    first = post(client)
    client.put("/things/1", json={"text": "changed"})
    assert post(client).json == first.json
    client.delete("/things/1")
    again = post(client)
    assert (again.json, again.headers["ETag"]) == (first.json, first.headers["ETag"])
    assert texts(client) == []


@pytest.mark.parametrize("path", ["/things", "/things/bulk"])
def test_another_body_with_the_same_key_is_422_and_names_the_header(client, path):
    post(client, "x", path)
    response = post(client, "y", path)
    assert response.status_code == 422
    assert [error["header"] for error in response.json["errors"]] == ["Idempotency-Key"]
    assert texts(client) == ["x"]
    assert post(client, "x", path).status_code == 201


def test_the_same_value_in_other_bytes_is_another_body(client):
    json = {"Content-Type": "application/json", **KEY}
    assert client.post("/things", data=b'{"text":"x"}', headers=json).status_code == 201
    assert client.post("/things", data=b'{"text": "x"}', headers=json).status_code == 422


def test_a_key_counts_for_its_path_only(client):
    assert post(client).status_code == post(client, path="/things/bulk").status_code == 201
    assert texts(client) == ["x", "x"]


def test_the_slash_at_the_end_makes_no_other_path(client):
    post(client)
    assert post(client, path="/things/").headers["Idempotency-Replayed"] == "true"


def test_keys_are_told_apart_by_their_case(client):
    post(client, **{"Idempotency-Key": "a"})
    post(client, **{"Idempotency-Key": "A"})
    assert texts(client) == ["x", "x"]


@pytest.mark.parametrize("body", [b"{", b'{"text": 5}', b"\xff", b"[]"])
def test_an_error_leaves_its_key_free(client, body):
    json = {"Content-Type": "application/json", **KEY}
    assert client.post("/things", data=body, headers=json).status_code in (400, 422)
    assert client.post("/things?x=1", json={"text": "x"}, headers=KEY).status_code == 422
    response = post(client)
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response.headers


def test_a_database_that_is_busy_leaves_the_key_free(short_wait, app, client, connection, lock):
    lock()
    assert post(client).status_code == 503
    connection.rollback()
    assert post(client).status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "\x7f", "ä", "a\tb", "🍏"])
def test_a_key_that_is_not_1_to_255_visible_ascii_characters_is_422(client, key):
    response = post(client, **{"Idempotency-Key": key.encode().decode("latin-1")})
    assert response.status_code == 422
    assert [error["header"] for error in response.json["errors"]] == ["Idempotency-Key"]
    assert texts(client) == []


@pytest.mark.parametrize("key", ["a", "~" * 255, "!", '"quoted"', "a,b"])
def test_a_key_of_1_to_255_visible_ascii_characters_is_taken(client, key):
    post(client, **{"Idempotency-Key": key})
    assert "Idempotency-Replayed" in post(client, **{"Idempotency-Key": key}).headers


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


def test_a_key_whose_time_is_over_is_free_even_if_it_has_not_been_removed(
    client, later, monkeypatch
):
    post(client)
    later(hours=25)
    monkeypatch.setattr(idempotency, "SWEPT", 0)
    assert "Idempotency-Replayed" not in post(client).headers


def test_old_keys_are_removed_a_few_at_a_time(client, later, connection, monkeypatch):
    monkeypatch.setattr(idempotency, "SWEPT", 3)
    for n in range(5):
        post(client, **{"Idempotency-Key": f"old-{n}"})
    later(hours=25)
    left = []
    for n in range(3):
        post(client, **{"Idempotency-Key": f"new-{n}"})
        left += connection.execute("SELECT count(*) FROM kept_answer").fetchone()
    assert left == [2 + 1, 0 + 2, 0 + 3]


def test_a_thing_whose_key_cannot_be_stored_is_not_stored_either(client, connection):
    post(client)
    connection.execute("CREATE UNIQUE INDEX refuse ON kept_answer (status)")
    connection.commit()
    assert post(client, **{"Idempotency-Key": "another"}).status_code == 500
    assert texts(client) == ["x"]


def test_a_request_without_a_key_keeps_no_answer(client, connection):
    client.post("/things", json={"text": "x"})
    assert connection.execute("SELECT count(*) FROM kept_answer").fetchone() == (0,)


def test_a_key_means_nothing_to_other_calls(client):
    post(client)
    assert client.put("/things/1", json={"text": "y"}, headers=KEY).json["text"] == "y"
