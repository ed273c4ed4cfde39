"""Pages, orders and totals of lists."""

import pytest

from flask_things.db.session import db
from tests.support.server import every_thing, next_page
from tests.support.things import THINGS, count_things, create_things

SORTS = ("id", "created_at", "updated_at", "text")
ORDERS = [*SORTS, *(f"-{name}" for name in SORTS)]


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


def test_the_total_is_there_where_it_is_asked_for(client, things):
    assert client.get("/things?total=true&limit=3").headers["X-Total-Count"] == "22"
    assert client.get("/things?total=true&q=XX").headers["X-Total-Count"] == "4"
    assert client.get("/things?total=true&q=xxx").headers["X-Total-Count"] == "4"
    assert "X-Total-Count" not in client.get("/things?total=false").headers
    assert "X-Total-Count" not in client.get("/things").headers


def test_the_total_is_of_the_same_moment_as_the_page(client, things, connection, monkeypatch):
    def count_late(session, **selection):
        connection.execute("DELETE FROM thing WHERE id < 5")
        connection.commit()
        return count_things(session, **selection)

    monkeypatch.setattr(THINGS.collection, "count", count_late)
    response = client.get("/things?total=true")
    assert response.headers["X-Total-Count"] == str(len(response.json)) == "22"


@pytest.mark.parametrize("total", ["", "True", "1", "yes", "on"])
def test_a_total_that_is_neither_true_nor_false_is_422(client, total):
    assert errors(client.get(f"/things?total={total}")) == ["total"]


@pytest.mark.parametrize(
    "query", ["limit=1&limit=1", "sort=id&sort=id", "q=a&q=b", "page=2", "offset=1", "Limit=1"]
)
def test_a_repeated_or_unknown_parameter_is_422(client, query):
    assert errors(client.get(f"/things?{query}")) == [query.partition("=")[0]]
