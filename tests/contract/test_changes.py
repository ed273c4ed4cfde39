"""Changes in pages: applied in order to an export, they reproduce the service's state."""

import pytest
from flask import request

from flask_things.db.objects import quote
from flask_things.environ import CACHE
from tests.support.resources import parameters
from tests.support.server import next_page


@pytest.fixture
def follow(rows):
    """Return a function that returns the next page of changes."""
    rows.target_all()
    place = next_page(rows.get("/changes").headers)

    def follow(more=""):
        nonlocal place
        response = rows.client.get(place + more)
        assert response.status_code == 200, response.text
        place = next_page(response.headers)
        return response.json

    return follow


@pytest.fixture
def table(rows):
    """Return the name of the table."""
    return rows.resource.table.name


def shown(changes):
    """Return the changed rows and their changes."""
    return [(one["change"], one["id"]) for one in changes]


def test_without_a_position_the_page_only_links_to_now(rows, follow):
    rows.create()
    response = rows.get("/changes")
    assert response.json == []
    assert rows.client.get(next_page(response.headers)).json == []


def test_each_row_is_there_at_its_last_change_as_it_is_now(rows, follow, table):
    first, second, third = (rows.create(number) for number in range(3))
    assert rows.client.delete(rows.url(third)).status_code == 204
    changed = rows.client.put(rows.url(first), json=rows.body(3)).json
    changes = follow()
    assert shown(changes) == [
        ("created", second["id"]),
        ("deleted", third["id"]),
        ("updated", first["id"]),
    ]
    assert [one[table] for one in changes] == [second, None, changed]
    assert all(one["at"] >= first["created_at"][:19] for one in changes)
    assert follow() == []


def test_a_place_moves_on_while_other_resources_change(rows, resources, follow):
    """Otherwise it would become older than the journal."""
    before = next_page(rows.get("/changes").headers)
    for other in (one for one in resources if one is not rows.resource):
        rows.of(other).create()
    response = rows.client.get(before)
    assert shown(response.json) in ([], [("created", rows.ids()[-1])] if rows.ids() else [])
    assert next_page(response.headers) != before


def test_pages_of_one_change_miss_none(rows, follow):
    made = rows.create_many([rows.body(number) for number in range(3)])
    rows.client.delete(rows.url(made[1]))
    pages = [follow("&limit=1"), *(follow() for _ in range(3))]
    expected = [("created", made[0]["id"]), ("created", made[2]["id"]), ("deleted", made[1]["id"])]
    assert [shown(page) for page in pages] == [[one] for one in expected] + [[]]


def test_a_change_after_a_page_is_on_the_next_one(rows, follow):
    made = rows.create_many([rows.body(number) for number in range(2)])
    assert shown(follow("&limit=1")) == [("created", made[0]["id"])]
    rows.client.put(rows.url(made[0]), json=rows.body(5))
    assert shown(follow()) == [("created", made[1]["id"])]
    assert shown(follow()) == [("updated", made[0]["id"])]


def test_changes_by_other_programs_are_included(rows, follow, table, execute):
    row = rows.create()
    follow()
    execute(f"DELETE FROM {quote(table)}")
    assert shown(follow()) == [("deleted", row["id"])]


def test_a_rolled_back_change_is_not_included(rows, follow):
    assert rows.post([rows.body(), {"no_field": 1}], "/bulk").status_code == 422
    assert follow() == []


def test_the_limit_is_as_in_lists(rows, follow):
    rows.create_many([rows.minimal(number) for number in range(150)])
    path = next_page(rows.get("/changes").headers)
    rows.create_many([rows.minimal(number + 200) for number in range(150)])
    for limit, expected in (("", 100), ("&limit=120", 120), ("&limit=5000", 150)):
        response = rows.client.get(path + limit)
        assert len(response.json) == expected
        assert limit in next_page(response.headers)
    assert parameters(rows.get("/changes?limit=0")) == ["limit"]


def test_a_forged_position_is_422(rows, resources, follow):
    token = next_page(rows.get("/changes").headers).partition("since=")[2]
    for damaged in (token[:-1], token + "A", "", "x", token.swapcase()):
        response = rows.get("/changes", query_string={"since": damaged})
        assert parameters(response) == ["since"]
        assert response.json["errors"][0]["code"] == "cursor"
    for other in (one for one in resources if one is not rows.resource):
        response = rows.client.get(f"/{other.name}/changes?since={token}")
        assert parameters(response) == ["since"]
    assert parameters(rows.get(f"/changes?cursor={token}")) == ["cursor"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal WHERE position < (SELECT max(position) FROM journal)",
        "UPDATE journal SET at = '2001-01-01 00:00:00'",
        "INSERT INTO journal (change) VALUES ('started')",
    ],
    ids=["trimmed", "another entry", "restored"],
)
def test_a_lost_place_is_410(rows, statement, execute):
    rows.create()
    path = next_page(rows.get("/changes").headers)
    rows.create(1)
    execute(statement)
    response = rows.client.get(path)
    assert (response.status_code, response.content_type) == (410, "application/problem+json")
    new = next_page(rows.get("/changes").headers)
    assert rows.client.get(new).status_code == 200


def test_a_page_that_stays_has_its_etag(rows, follow):
    path = next_page(rows.get("/changes").headers)
    rows.create()
    response = rows.client.get(path)
    assert response.headers["Cache-Control"] == "no-cache"
    again = rows.client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Link"] == response.headers["Link"]
    rows.create(1)
    again = rows.client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 200
    assert "Accept" in again.vary


def test_a_page_is_never_cached(rows, follow):
    """It depends on the journal, which other resources write, too."""
    path = next_page(rows.get("/changes").headers)
    with rows.client:
        rows.get(f"?limit={len(path)}")
        assert CACHE in request.environ
        rows.client.get(path)
        assert CACHE not in request.environ


def test_head_has_the_headers_of_get(rows, follow):
    path = next_page(rows.get("/changes").headers)
    rows.create()
    got, head = rows.client.get(path), rows.client.head(path)
    assert head.data == b""
    for name in ("ETag", "Link", "Content-Length", "Vary"):
        assert head.headers[name] == got.headers[name]
