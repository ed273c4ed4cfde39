"""Cursors belong to a selection, however it is written."""

import pytest

from tests.support.lists import as_text
from tests.support.resources import parameters
from tests.support.server import next_page

pytestmark = pytest.mark.sqlite


@pytest.fixture
def selection(rows, many):
    """Return a selection with every kind of parameter, which finds all rows but the last."""
    return {
        "id": ",".join(str(row["id"]) for row in many[:-1]),
        "created_at_gte": "2026-01-01T00:00:00Z",
        "updated_at_lt": "9000-01-01T00:00:00Z",
    }


def cursor_of(rows, query):
    """Return the cursor to the second page."""
    link = next_page(rows.get(query_string={**query, "limit": 1}).headers)
    return link.partition("cursor=")[2].partition("&")[0]


def test_a_selection_may_be_written_in_another_way_on_the_next_page(rows, many, selection):
    cursor = cursor_of(rows, selection)
    ids = selection["id"].split(",")
    for same in (
        {},
        {"id": ",".join([*reversed(ids), ids[0]])},
        {"created_at_gte": "2026-01-01T02:00:00.000+02:00"},
        {"updated_at_lt": "8999-12-31 23:00:00-01:00"},
    ):
        response = rows.get(query_string={**selection, **same, "cursor": cursor})
        assert response.json == many[1:-1], same


def test_a_cursor_of_another_selection_is_422(rows, selection):
    cursor = cursor_of(rows, selection)
    for other in (
        {"id": selection["id"] + ",1000"},
        {"id": None},
        {"created_at_gte": "2026-01-01T00:00:00.000001Z"},
        {"created_at_gte": None},
        {"created_at_lt": "9000-01-01T00:00:00Z"},
    ):
        query = {**selection, **other, "cursor": cursor}
        given = {name: value for name, value in query.items() if value is not None}
        assert parameters(rows.get(query_string=given)) == ["cursor"], other


def test_a_cursor_without_a_filter_is_not_valid_for_an_empty_one(rows, many):
    cursor = cursor_of(rows, {})
    for name in rows.resource.collection.queries.narrowing.filters:
        response = rows.get(query_string={name: "", "cursor": cursor})
        assert parameters(response) in (["cursor"], [name])


def test_a_link_keeps_the_selection(rows, many, selection):
    filters = rows.resource.collection.queries.narrowing.filters
    name = next(n for n in filters if many[0][n] == many[4][n] is not None)
    query = {**selection, name: as_text(many[0][name]), "limit": 1, "sort": "-created_at"}
    [last] = rows.client.get(next_page(rows.get(query_string=query).headers)).json
    [first] = rows.get(query_string={**query, "sort": "created_at"}).json
    assert {first["id"], last["id"]} == {many[0]["id"]} or last[name] == first[name]
