"""The response cache finds out from the journal which responses to drop."""

import pytest

from flask_things.http.cache_store import Answer, Store
from flask_things.resource import Fields, Resource
from flask_things.things import THINGS, Thing
from tests.support.statements import statements

pytestmark = pytest.mark.sqlite


@pytest.fixture
def kept(app, client):
    """Return a function that tells whether a response comes from the cache."""

    def ask(path):
        with statements(app) as seen:
            client.get(path)
        return not seen

    return ask


@pytest.fixture
def fill(client, kept):
    """Return a function that stores two things and caches the responses to some paths."""

    def fill(*paths):
        client.post("/things/bulk", json=[{"text": "a"}, {"text": "b"}])
        for path in paths:
            kept(path)
            assert kept(path)

    return fill


def test_a_change_of_another_row_leaves_an_answer(client, kept, fill):
    fill("/things/1", "/things/2")
    client.put("/things/2", json={"text": "new"})
    assert (kept("/things/1"), kept("/things/2")) == (True, False)


def test_another_program_s_change_of_another_row_does_too(kept, fill, connection):
    fill("/things/1", "/things/2")
    connection.execute("UPDATE thing SET text = 'new' WHERE id = 2")
    connection.commit()
    assert (kept("/things/1"), kept("/things/2")) == (True, False)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_any_change_drops_lists(client, kept, fill, method):
    fill("/things", "/things?q=a", "/things?limit=1&total=true")
    path = "/things" if method == "post" else "/things/2"
    client.open(path, method=method, json={"text": "c"})
    assert not any(map(kept, ["/things", "/things?q=a", "/things?limit=1&total=true"]))


def test_a_new_token_drops_all(client, kept, fill, runner):
    fill("/things/1")
    client.put("/things/2", json={"text": "new"})
    runner.invoke(args=["tokens", "create", "laptop"])
    assert not kept("/things/1")


def test_a_change_without_a_journal_entry_drops_everything(client, kept, fill, connection):
    client.post("/things", json={"text": "x"}, headers={"Idempotency-Key": "a"})
    fill("/things/1")
    connection.execute("UPDATE kept_answer SET status = 1")
    connection.commit()
    assert not kept("/things/1")


def test_more_changes_than_are_worth_it_drop_all(client, kept, fill):
    fill("/things/1")
    for _ in range(2):
        client.post("/things/bulk", json=[{"text": "x"}] * 501)
    assert not kept("/things/1")


def test_a_gap_in_the_journal_drops_all(kept, fill, connection):
    fill("/things/1")
    connection.execute("UPDATE thing SET text = 'new' WHERE id = 2")
    connection.execute("UPDATE journal SET position = 900 WHERE position = 4")
    connection.commit()
    assert not kept("/things/1")


def test_an_emptied_journal_drops_all(kept, fill, connection):
    fill("/things/1")
    connection.execute("DELETE FROM journal")
    connection.commit()
    assert not kept("/things/1")
    assert kept("/things/1")


def test_a_row_that_is_replaced_is_seen(client, kept, fill, connection):
    fill("/things/1")
    connection.execute("INSERT OR REPLACE INTO thing (id, text) VALUES (1, 'other')")
    connection.commit()
    assert client.get("/things/1").json["text"] == "other"


class Overriding(Resource):
    """A resource that overrides a method."""

    def check_access(self):
        """Allow everything."""


class Computed(Fields):
    """A field that may read any data."""

    text = THINGS.schemas.input().fields["text"]


class Adding(Resource):
    """A resource with an additional method."""

    def count_words(self):
        """Return nothing."""


@pytest.mark.parametrize(
    ("kind", "options", "is_exact"),
    [
        (Resource, {}, True),
        (Adding, {}, True),
        (Overriding, {}, False),
        (Resource, {"fields": Computed}, False),
    ],
)
def test_only_resources_without_overrides_read_one_table(kind, options, is_exact, monkeypatch):
    table = Thing.__table__
    # Declaring the resource replaces it.
    monkeypatch.setitem(table.info, "objects", table.info["objects"])
    things = kind("things", Thing, example={"text": "x"}, searched="text", **options)
    assert things._reads_one_table() == is_exact


def answer(source):
    """Return a response with this source."""
    return Answer("200 OK", [], b"x", 2.0**40, {}, source)


SOURCES = [("thing", 1), ("thing", 2), ("thing", None), ("note", 1), ("note", None), None]


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([("thing", 1)], [("thing", 2), ("note", 1), ("note", None)]),
        ([("thing", 1), ("note", 2)], [("thing", 2), ("note", 1)]),
        (
            [("other", 1)],
            [("thing", 1), ("thing", 2), ("thing", None), ("note", 1), ("note", None)],
        ),
        (None, []),
    ],
)
def test_the_store_drops_responses_from_changed_rows(rows, left):
    store = Store()
    for source in SOURCES:
        store.keep((repr(source),), answer(source))
    store.drop(rows)
    assert [source for source in SOURCES if store.get((repr(source),))] == left
