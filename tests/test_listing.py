"""Pages, orders and totals of lists."""

import re
from base64 import urlsafe_b64decode
from urllib.parse import quote

import pytest
from sqlalchemy import event

from flask_things import create_app, paging
from flask_things.db import db
from flask_things.listing import SORTS
from flask_things.store import create_things, delete_thing
from tests.server import every_thing, next_page

ORDERS = [*SORTS, *(f"-{name}" for name in SORTS)]

TEXTS = ["b", "a", "B", "a", "", "é", "z", "🍏", "\uffff", "x" * 300 + "2", "x" * 300 + "1"]


@pytest.fixture
def things(app, client):
    """Return things of which many are alike in what they are sorted by."""
    with app.app_context():
        create_things(db.session, [{"text": text} for text in TEXTS])
        create_things(db.session, [{"text": text} for text in TEXTS])
    ids = [n for n in range(1, 2 * len(TEXTS) + 1) if "xxx" not in TEXTS[(n - 1) % len(TEXTS)]]
    for thing_id in ids[::-3]:
        client.put(f"/things/{thing_id}", json={"text": f"changed {thing_id}"})
    return client.get("/things").json


def errors(response):
    """Return what a refused request was refused for."""
    assert response.status_code == 422, response.text
    return [error["parameter"] for error in response.json["errors"]]


def in_order(things, sort):
    """Return things in an order, by Python's own sorting."""
    name = sort.removeprefix("-")
    return sorted(
        things,
        key=lambda thing: (thing[name][:200] if name == "text" else thing[name], thing["id"]),
        reverse=sort.startswith("-"),
    )


def test_a_list_has_100_things_where_nothing_is_said(app, client):
    with app.app_context():
        create_things(db.session, [{"text": str(n)} for n in range(101)])
    response = client.get("/things")
    assert [thing["id"] for thing in response.json] == list(range(1, 101))
    assert [thing["id"] for thing in client.get(next_page(response.headers)).json] == [101]


@pytest.mark.parametrize(("limit", "expected"), [("1", 1), ("007", 7), ("1000", 1000)])
def test_a_limit_is_kept(app, client, limit, expected):
    with app.app_context():
        create_things(db.session, [{"text": ""}] * 1001)
    assert len(client.get(f"/things?limit={limit}").json) == expected


@pytest.mark.parametrize("limit", ["1001", "9" * 5000])
def test_a_limit_above_1000_means_1000(app, client, limit):
    with app.app_context():
        create_things(db.session, [{"text": ""}] * 1001)
    assert len(client.get(f"/things?limit={limit}").json) == 1000


@pytest.mark.parametrize(
    "limit", ["0", "000", "-1", "%2B1", "1.0", "1e2", "x", "", "1_0", "%D9%A3", "%201"]
)
def test_a_limit_that_is_no_number_from_1_on_is_422(client, limit):
    assert errors(client.get(f"/things?limit={limit}")) == ["limit"]


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("limit", [1, 3, 22, 100])
def test_the_pages_of_an_order_are_the_whole_of_it(client, things, sort, limit):
    walked = every_thing(client, f"/things?sort={sort}&limit={limit}")
    assert walked == in_order(things, sort)


@pytest.mark.parametrize("sort", ORDERS)
def test_the_pages_of_a_search_are_the_whole_of_it(client, things, sort):
    found = [thing for thing in things if "xxx" in thing["text"]]
    assert len(found) > 2
    assert every_thing(client, f"/things?q=XXX&sort={sort}&limit=1") == in_order(found, sort)


@pytest.mark.parametrize("sort", ["name", "", "-", "--id", "+id", "ID", "head", "id,text"])
def test_an_order_that_there_is_not_is_422(client, sort):
    assert errors(client.get("/things", query_string={"sort": sort})) == ["sort"]


def test_only_a_page_with_a_next_one_has_a_link(client, things):
    assert next_page(client.get("/things?limit=21").headers)
    assert "Link" not in client.get("/things?limit=22").headers
    assert "Link" not in client.get("/things?q=nothing").headers


def test_a_link_keeps_the_other_parameters(client, things):
    link = next_page(
        client.get("/things/?q=x%26%C3%A4&limit=1&sort=-text&total=false").headers or {}
    )
    assert link is None
    client.post("/things/bulk", json=[{"text": "x&Ä"}, {"text": "x&ä"}])
    client.post("/things/bulk", json=[{"text": "x&Ä"}, {"text": "x&ä"}])
    link = next_page(client.get("/things/?q=x%26%C3%A4&limit=1&sort=-text&total=true").headers)
    assert re.fullmatch(r"/things\?q=x%26%C3%A4&limit=1&sort=-text&total=true&cursor=[\w-]+", link)


def test_a_cursor_goes_with_any_limit_and_total_and_on_another_worker(environ, client, things):
    link = next_page(client.get("/things?limit=2").headers)
    cursor = link.partition("cursor=")[2]
    other = create_app(environ).test_client()
    assert other.get(f"/things?cursor={cursor}&limit=5&total=true").json == things[2:7]


def test_a_cursor_is_good_when_its_thing_is_gone(app, client, things):
    link = next_page(client.get("/things?limit=3").headers)
    with app.app_context():
        delete_thing(db.session, 3)
    assert client.get(link).json == things[3:6]


def test_things_that_stay_are_met_once_while_others_come_and_go(client, things):
    """Those that go are the ones around the end of each page, those that come are everywhere."""
    stay = {thing["id"] for thing in things[::2]}
    met, path = [], "/things?sort=text&limit=2"
    while path:
        page = client.get(path)
        met += [thing["id"] for thing in page.json]
        for thing in page.json:
            if thing["id"] not in stay:
                client.delete(f"/things/{thing['id']}")
        if len(met) < 30:
            client.post("/things", json={"text": "a"})
            client.post("/things", json={"text": "c"})
        path = next_page(page.headers)
    assert len(met) == len(set(met))
    assert stay <= set(met)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "=", "ä", "%00", "a" * 3000])
def test_a_made_up_cursor_is_422(client, cursor):
    assert errors(client.get(f"/things?cursor={cursor}")) == ["cursor"]


def test_a_cursor_of_another_order_or_search_is_422(client, things):
    cursor = next_page(client.get("/things?limit=1").headers).partition("cursor=")[2]
    assert errors(client.get(f"/things?cursor={cursor}&sort=-id")) == ["cursor"]
    assert errors(client.get(f"/things?cursor={cursor}&q=a")) == ["cursor"]


@pytest.mark.parametrize("sort", ["id", "created_at", "text"])
def test_a_cursor_with_any_one_character_changed_is_422(client, things, sort):
    url = next_page(client.get(f"/things?limit=1&sort={sort}").headers)
    start, _, cursor = url.rpartition("=")
    for place, character in enumerate(cursor):
        for other in "Ab0_" if character != "A" else "b0-":
            if other != character:
                changed = cursor[:place] + other + cursor[place + 1 :]
                assert errors(client.get(f"{start}={changed}")) == ["cursor"]
        assert errors(client.get(f"{start}={cursor[:place]}")) == ["cursor"]


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
    cursor = paging.encode(place, sort, "")
    assert errors(client.get(f"/things?sort={sort}&cursor={cursor}")) == ["cursor"]


@pytest.mark.parametrize("text", ["🍏" * 200, "\x01" * 200 + "🍏" * 200])
def test_the_longest_link_is_one_that_the_server_takes(serve, text):
    """gunicorn refuses a request line over 4 094 bytes."""
    server = serve()
    server.request("POST", "/things/bulk", [{"text": text}] * 2)
    query = f"limit=1&sort=-text&total=false&q={quote('🍏' * 200)}"
    link = next_page(server.request("GET", f"/things?{query}")[1])
    status, _, page = server.request("GET", link)
    assert (status, [thing["id"] for thing in page]) == (200, [1])


def test_a_cursor_shows_nothing_but_the_place(client, things):
    cursor = next_page(client.get("/things?limit=1").headers).partition("cursor=")[2]
    assert urlsafe_b64decode(cursor + "==")[paging.CHECKSUM_BYTES :] == b"1:1"


def test_the_total_is_there_where_it_is_asked_for(client, things):
    assert client.get("/things?total=true&limit=3").headers["X-Total-Count"] == "22"
    assert client.get("/things?total=true&q=XX").headers["X-Total-Count"] == "4"
    assert client.get("/things?total=true&q=xxx").headers["X-Total-Count"] == "4"
    assert "X-Total-Count" not in client.get("/things?total=false").headers
    assert "X-Total-Count" not in client.get("/things").headers


@pytest.mark.parametrize("total", ["", "True", "1", "yes", "on"])
def test_a_total_that_is_neither_true_nor_false_is_422(client, total):
    assert errors(client.get(f"/things?total={total}")) == ["total"]


@pytest.mark.parametrize(
    "query", ["limit=1&limit=1", "sort=id&sort=id", "q=a&q=b", "page=2", "offset=1", "Limit=1"]
)
def test_a_repeated_or_unknown_parameter_is_422(client, query):
    assert errors(client.get(f"/things?{query}")) == [query.partition("=")[0]]


@pytest.fixture
def plan_of_second_page(app, client, things, connection):
    """Return a function that tells how SQLite goes about a second page."""
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


@pytest.mark.parametrize("column", ["created_at", "updated_at", "head"])
@pytest.mark.parametrize(("minus", "turn"), [("", ">"), ("-", "<")])
def test_a_page_in_another_order_is_sought_also_among_things_alike(
    plan_of_second_page, column, minus, turn
):
    plan = plan_of_second_page(f"sort={minus}{column.replace('head', 'text')}")
    seeks = [step.partition(f"INDEX ix_thing_{column} ")[2] for step in plan if column in step]
    assert seeks == [f"({column}=? AND id{turn}?)", f"({column}{turn}?)"]
    assert [step for step in plan if step.startswith("SCAN") and "anon" not in step] == []


@pytest.mark.parametrize(("sort", "turn"), [("id", ">"), ("-id", "<")])
def test_a_page_of_a_search_is_read_from_its_index_in_order(plan_of_second_page, sort, turn):
    plan = plan_of_second_page(f"q=xxx&sort={sort}")
    assert re.fullmatch(f"SCAN thing_search VIRTUAL TABLE INDEX [1-9][0-9]*:M1{turn}", plan[0])
    assert plan[1:] == ["SEARCH thing USING INTEGER PRIMARY KEY (rowid=?)"]


def test_a_search_in_another_order_goes_through_what_its_index_finds(plan_of_second_page):
    plan = plan_of_second_page("q=xxx&sort=text")
    assert plan[0] == "SCAN thing_search VIRTUAL TABLE INDEX 0:M1"
