"""Cursors, links, and the cost of later pages."""

import re
from base64 import urlsafe_b64decode
from urllib.parse import quote

import pytest
from sqlalchemy import event

from flask_things import create_app
from flask_things.db.queries import rows
from flask_things.db.session import db
from flask_things.http import pagination
from flask_things.resource import page as page_module
from tests.support.resources import parameters
from tests.support.server import next_page
from tests.support.things import THINGS


@pytest.mark.parametrize("query", ["", "&sort=-text", "&q=xyz&total=true"])
@pytest.mark.parametrize("character", ["🍏", "\x01", "x"])
def test_a_page_of_very_long_texts_ends_before_8_mb_and_its_link_goes_on(client, character, query):
    texts = [f"xyz{number}{character * 99_990}" for number in range(30)]
    if character == "x":
        texts *= 4
    for at in range(0, len(texts), 20):
        things = [{"text": text} for text in texts[at : at + 20]]
        assert client.post("/things/bulk", json=things).status_code == 201
    path, met = f"/things?limit=1000{query}", []
    while path:
        page = client.get(path)
        path = next_page(page.headers)
        assert len(page.data) <= 8_000_000
        assert len(page.data) > 7_000_000 or not path
        met += [thing["text"] for thing in page.json]
    assert sorted(met) == sorted(texts)


def test_a_thing_that_is_longer_than_a_page_has_a_page_for_itself(client, monkeypatch):
    monkeypatch.setattr(page_module, "PAGE_MAX_BYTES", 1000)
    client.post("/things/bulk", json=[{"text": "x" * 2000}] * 3)
    first = client.get("/things")
    second = client.get(next_page(first.headers))
    last = client.get(next_page(second.headers))
    pages = [[thing["id"] for thing in page.json] for page in (first, second, last)]
    assert (pages, next_page(last.headers)) == ([[1], [2], [3]], None)


@pytest.mark.postgresql
@pytest.mark.parametrize("sort", ["id", "-text"])
def test_postgresql_sends_no_more_than_a_page(app, client, sort):
    """The client holds all of it in memory before reading the first row."""
    client.post("/things/bulk", json=[{"text": "x" * 400}] * 10)
    with app.app_context():
        found = rows(
            db.session,
            *THINGS.collection.queries.page("postgresql", sort=sort, limit=9, max_bytes=1000),
        )
    assert len(found) == 3


def test_a_cursor_goes_with_any_limit_and_total_and_on_another_worker(environ, client, things):
    link = next_page(client.get("/things?limit=2").headers)
    cursor = link.partition("cursor=")[2]
    other = create_app(environ)
    page = other.test_client().get(f"/things?cursor={cursor}&limit=5&total=true")
    assert page.json == things[2:7]
    with other.app_context():
        db.engine.dispose()


@pytest.mark.sqlite
@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "=", "ä", "%00", "a" * 3000])
def test_a_made_up_cursor_is_422(client, cursor):
    assert parameters(client.get(f"/things?cursor={cursor}")) == ["cursor"]


@pytest.mark.sqlite
@pytest.mark.parametrize("sort", ["id", "created_at", "text"])
def test_a_cursor_with_any_one_character_changed_is_422(client, things, sort):
    url = next_page(client.get(f"/things?limit=1&sort={sort}").headers)
    start, _, cursor = url.rpartition("=")
    for place, character in enumerate(cursor):
        for other in "Ab0_" if character != "A" else "b0-":
            if other != character:
                changed = cursor[:place] + other + cursor[place + 1 :]
                assert parameters(client.get(f"{start}={changed}")) == ["cursor"]
        assert parameters(client.get(f"{start}={cursor[:place]}")) == ["cursor"]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("sort", "place"),
    [
        ("id", (2**63, 2**63)),
        ("id", ("1_0", 1)),
        ("id", ("", 1)),
        ("id", (1, "")),
        ("id", (1, "\u0661")),
        ("id", (1, "+1")),
        ("id", (10**40, 1)),
        ("text", ("a\x00", 1)),
        ("text", ("a", 10**40)),
        ("text", ("a", "9" * 2000)),
        ("created_at", ("yesterday", 1)),
        ("created_at", ("2026-11-22", 1)),
        ("created_at", ("0001-01-01T00:00:00+23:00", 1)),
        ("created_at", (5, 1)),
    ],
)
def test_a_forged_cursor_whose_checksum_is_right_is_422(client, sort, place):
    cursor = pagination.encode(place, THINGS.page.bound(sort, {}))
    assert parameters(client.get(f"/things?sort={sort}&cursor={cursor}")) == ["cursor"]


@pytest.mark.sqlite
@pytest.mark.parametrize("text", ["🍏" * 200, "\x01" * 200 + "🍏" * 200])
def test_the_longest_link_is_one_that_the_server_takes(serve, text):
    """gunicorn rejects a request line over 4 094 bytes."""
    server = serve()
    server.request("POST", "/things/bulk", [{"text": text}] * 2)
    query = f"limit=1&sort=-text&total=false&q={quote('🍏' * 200)}"
    link = next_page(server.request("GET", f"/things?{query}")[1])
    status, _, page = server.request("GET", link)
    assert (status, [thing["id"] for thing in page]) == (200, [1])


def test_a_cursor_shows_nothing_but_the_place(client, things):
    cursor = next_page(client.get("/things?limit=1").headers).partition("cursor=")[2]
    assert urlsafe_b64decode(cursor + "==")[pagination.CHECKSUM_BYTES :] == b"1:1"


@pytest.fixture
def plan_of_second_page(app, file, client, things, connection):
    """Return a function that returns SQLite's plan for a second page."""
    plans = []

    def explain(_connection, _cursor, statement, parameters, _context, _many):
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.append([row[3] for row in rows])

    def plan(query):
        client.get(next_page(client.get(f"/things?limit=1&{query}").headers))
        return plans[-1]

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", explain)
    return plan


@pytest.mark.parametrize(("sort", "turn"), [("id", ">"), ("-id", "<")])
def test_a_page_by_id_is_sought(plan_of_second_page, sort, turn):
    plan = plan_of_second_page(f"sort={sort}")
    assert plan == [f"SEARCH thing USING INTEGER PRIMARY KEY (rowid{turn}?)"]


@pytest.mark.parametrize("column", ["created_at", "updated_at", "text"])
@pytest.mark.parametrize(("minus", "turn"), [("", ">"), ("-", "<")])
def test_a_page_in_another_order_is_sought_also_among_things_alike(
    plan_of_second_page, column, minus, turn
):
    plan = plan_of_second_page(f"sort={minus}{column}")
    seeks = [step.partition(f"INDEX thing_sort_{column} ")[2] for step in plan if column in step]
    key = "<expr>" if column == "text" else column
    assert seeks == [f"({key}=? AND id{turn}?)", f"({key}{turn}?)"]
    assert [step for step in plan if step.startswith("SCAN") and "anon" not in step] == []


@pytest.mark.parametrize(("sort", "turn"), [("id", ">"), ("-id", "<")])
def test_a_page_of_a_search_is_read_from_its_index_in_order(plan_of_second_page, sort, turn):
    plan = plan_of_second_page(f"q=xxx&sort={sort}")
    assert re.fullmatch(f"SCAN thing_search VIRTUAL TABLE INDEX [1-9][0-9]*:M1{turn}", plan[0])
    assert plan[1:] == ["SEARCH thing USING INTEGER PRIMARY KEY (rowid=?)"]


def test_a_sorted_search_reads_only_matches_of_its_index(plan_of_second_page):
    plan = plan_of_second_page("q=xxx&sort=text")
    assert plan[0] == "SCAN thing_search VIRTUAL TABLE INDEX 0:M1"
