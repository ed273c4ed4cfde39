"""The calls, as their contract has them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from flask_things.db.session import db
from tests.support.things import Thing


@pytest.fixture
def thing(client):
    """Return a thing that is there."""
    return client.post("/things", json={"text": "buy milk"}).json


def test_a_post_answers_201_with_the_thing_and_its_place(client):
    before = datetime.now(UTC)
    response = client.post("/things", json={"text": "buy milk"})
    assert response.status_code == 201
    assert response.headers["Location"] == f"/things/{response.json['id']}"
    assert list(response.json) == ["id", "text", "created_at", "updated_at"]
    assert response.json["text"] == "buy milk"
    assert before <= datetime.fromisoformat(response.json["created_at"]) <= datetime.now(UTC)


def test_what_was_posted_is_got(client, thing):
    response = client.get(f"/things/{thing['id']}")
    assert (response.status_code, response.json) == (200, thing)


def test_a_list_has_every_thing_by_id(client):
    assert client.get("/things").json == []
    things = [client.post("/things", json={"text": text}).json for text in "cab"]
    assert client.get("/things").json == things


@pytest.mark.parametrize("text", ["", "äpfel 🍏", "\x01\t\n\"'\\", "x" * 100_000, "🍏" * 100_000])
def test_a_text_comes_back_to_the_letter(client, text):
    thing = client.post("/things", json={"text": text}).json
    assert client.get(f"/things/{thing['id']}").json["text"] == text


def test_people_can_read_the_characters_of_an_answer(client):
    """JSON may escape them, but curl shows what is there."""
    assert "äpfel 🍏".encode() in client.post("/things", json={"text": "äpfel 🍏"}).data


def test_times_are_utc_with_microseconds_even_where_those_are_zero(app, client):
    with app.app_context():
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        db.session.execute(insert(Thing).values(text="", created_at=moment))
        db.session.commit()
    thing = client.get("/things/1").json
    assert thing["created_at"] == thing["updated_at"] == "2026-01-02T03:04:05.000000Z"


def test_a_put_replaces(client, thing):
    response = client.put("/things/1", json={"text": "buy oat milk"})
    assert response.status_code == 200
    assert response.json == client.get("/things/1").json
    assert response.json["text"] == "buy oat milk"
    assert response.json["created_at"] == thing["created_at"]
    assert response.json["updated_at"] > thing["updated_at"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_write_that_changes_nothing_leaves_updated_at(client, thing, method):
    response = client.open("/things/1", method=method, json={"text": thing["text"]})
    assert response.json == thing


def test_what_was_got_can_be_put_back(client, thing):
    response = client.put("/things/1", json=thing | {"text": "edited"})
    assert (response.status_code, response.json["text"]) == (200, "edited")


def test_read_only_fields_are_ignored_whatever_they_hold(client, thing):
    sent = {"text": "x", "id": "7", "created_at": None, "updated_at": [{}]}
    assert client.put("/things/1", json=sent).json["id"] == 1
    assert client.patch("/things/1", json=sent).json["id"] == 1
    assert client.post("/things", json=sent).json["id"] == 2
    assert client.post("/things/bulk", json=[sent]).json[0]["id"] == 3


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
def test_a_patch_changes_what_it_names(client, thing, media_type):
    response = client.patch("/things/1", data='{"text": "new"}', content_type=media_type)
    assert (response.status_code, response.json["text"]) == (200, "new")
    assert client.patch("/things/1", data="{}", content_type=media_type).json == response.json


def test_a_delete_answers_204_without_content(client, thing):
    response = client.delete("/things/1")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert client.get("/things/1").status_code == 404
    assert client.get("/things").json == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_thing_that_is_not_there_is_404(client, method):
    response = client.open("/things/7", method=method, json={"text": "x"})
    assert (response.status_code, response.json["detail"]) == (404, "There is no thing 7.")


def test_a_put_never_creates(client):
    client.put("/things/7", json={"text": "x"})
    assert client.get("/things").json == []


@pytest.mark.parametrize(
    "thing_id",
    ["0", "-1", "+1", "01", "1.0", "1e0", "0x1", "%D9%A1", "1/", "%201", str(2**63), "9" * 5000],
)
def test_what_is_no_id_is_404(client, thing, thing_id):
    response = client.get(f"/things/{thing_id}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


def test_the_id_of_a_deleted_thing_is_not_given_again(client, thing):
    client.delete("/things/1")
    assert client.post("/things", json={"text": ""}).json["id"] == 2


def test_a_slash_at_the_end_of_things_is_the_same_place(client, thing):
    assert client.get("/things/").json == [thing]
    assert client.post("/things/", json={"text": ""}).status_code == 201


@pytest.mark.parametrize("path", ["/things//1", "/things/1/", "/things//", "/healthz/"])
def test_another_slash_is_another_path_and_no_redirect(client, thing, path):
    assert client.get(path).status_code == 404


def test_head_answers_as_get_without_the_content(client, thing):
    head, get = client.head("/things/1"), client.get("/things/1")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/things", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("/things/1", {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"}),
        ("/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_says_what_is_allowed(client, path, methods):
    response = client.options(path)
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == methods
