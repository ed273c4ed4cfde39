"""Idempotency-Key: valid keys, their scope, and repeated responses."""

import json

import pytest

from flask_things.db.sqlite.file import sqlite3
from tests.support.idempotency import KEY, post, texts
from tests.support.server import JSON


def without_id(response):
    """Return a response's header fields except those of a single request."""
    return {k: v for k, v in response.headers.items() if k not in ("X-Request-ID", "Date")}


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


def test_keys_are_case_sensitive(client):
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


@pytest.mark.sqlite
@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "\x7f", "ä", "a\tb", "🍏"])
def test_a_key_that_is_not_1_to_255_visible_ascii_characters_is_422(client, key):
    response = post(client, **{"Idempotency-Key": key.encode().decode("latin-1")})
    assert response.status_code == 422
    assert [error["header"] for error in response.json["errors"]] == ["Idempotency-Key"]
    assert texts(client) == []


@pytest.mark.parametrize("key", ["a", "~" * 255, "!", '"quoted"', "a,b"])
def test_a_key_of_1_to_255_visible_ascii_characters_is_accepted(client, key):
    post(client, **{"Idempotency-Key": key})
    assert "Idempotency-Replayed" in post(client, **{"Idempotency-Key": key}).headers


TEXTS = [
    "x",
    "",
    "id",
    "text",
    "created_at",
    ",",
    '"',
    "\\",
    '{"id":1,"text":"x"',
    "1",
    "null",
    "äöü 🍏 \u2028 \x1f\x7f\n\t/",
    "x",
    "y" * 50_000,
]


@pytest.mark.parametrize("path", ["/things", "/things/bulk"])
def test_every_text_comes_again_as_it_was(client, path):
    """Texts are not stored but taken from the retry, which may escape them differently."""
    bodies = [[{"text": text} for text in TEXTS]] if path == "/things/bulk" else []
    bodies = bodies or [{"text": text} for text in TEXTS]
    for number, body in enumerate(bodies):
        for ascii_only in (True, False):
            data = json.dumps(body, ensure_ascii=ascii_only).encode()
            headers = {**JSON, "Idempotency-Key": f"{number}-{ascii_only}"}
            first = client.post(path, data=data, headers=headers)
            assert first.status_code == 201
            again = client.post(path, data=data, headers=headers)
            assert (again.status_code, again.data) == (201, first.data)
            assert without_id(again) == without_id(first) | {"Idempotency-Replayed": "true"}


def test_a_header_field_that_the_retry_has_not_does_not_matter(client):
    first = post(client, **{"If-None-Match": "created_at"})
    assert post(client).data == first.data


def test_a_response_stored_by_an_earlier_version_is_repeated(client, connection):
    first = post(client)
    body = "x'" + first.data.hex() + "'"
    if not isinstance(connection, sqlite3.Connection):
        body = f"decode('{first.data.hex()}', 'hex')"
    connection.execute(f"UPDATE kept_answer SET body = {body}")
    connection.commit()
    assert post(client).data == first.data


def test_a_restarted_server_gives_the_same_answer(serve):
    """The response is rebuilt from the stored data and the retry, even if the things are gone."""
    body = [{"text": "ä" * 10_000}, {"text": "b"}]
    headers = {**JSON, **KEY}
    before = serve()
    _, _, things = before.request("POST", "/things/bulk", body, headers)
    for thing in things:
        before.request("DELETE", f"/things/{thing['id']}")
    before.stop()
    status, fields, again = serve().request("POST", "/things/bulk", body, headers)
    assert (status, again, fields["Idempotency-Replayed"]) == (201, things, "true")


@pytest.mark.slow
def test_the_stored_response_does_not_grow_with_its_texts(client, connection):
    things = [{"text": f"{n} " + "text" * 2500} for n in range(1000)]
    client.post("/things/bulk", json=things, headers=KEY)
    [(body,)] = connection.execute("SELECT body FROM kept_answer").fetchall()
    assert len(body) < 130_000
    assert b"texttext" not in body


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
