"""Selecting rows by ids."""

import pytest

from flask_things.db.ids import ID_MAX
from flask_things.resource.schemas.queries import IDS_MAX_ITEMS
from tests.support.lists import in_order, orders, walk
from tests.support.resources import parameters

WRONG = ["", ",", ",1", "1,", "1,,2", "%201", "1%20", "1,%202", "%2B1", "-1", "01", "00", "1.0"]
WRONG += ["1e1", "0x1", "x", "1;2", "1%2B2", "%EF%BC%91", "%00", "null", "[1]", "1,2,x"]


def test_rows_are_found_by_their_ids_in_every_order(rows, many):
    chosen = many[::2]
    ids = ",".join(str(row["id"]) for row in reversed(chosen))
    for sort in orders(rows):
        for limit in (1, 5):
            assert walk(rows, f"id={ids}&sort={sort}", limit) == in_order(rows, chosen, sort)


def test_missing_ids_are_left_out_and_repeated_ones_found_once(rows, many):
    first, last = many[0]["id"], many[-1]["id"]
    missing = [0, last + 1, ID_MAX, ID_MAX + 1, 10**30, 9 * 10**4000]
    ids = ",".join(map(str, [last, *missing, first, first, last]))
    assert rows.ids(f"?id={ids}") == [first, last]
    response = rows.get(f"?total=true&id={ids}")
    assert response.headers["X-Total-Count"] == "2"
    assert rows.ids(f"?id={ID_MAX + 1}") == []


@pytest.mark.sqlite
@pytest.mark.parametrize("ids", WRONG)
def test_a_malformed_list_of_ids_is_422(rows, ids):
    for path in ("", ".ndjson", ".csv"):
        response = rows.get(f"{path}?id={ids}")
        assert parameters(response) == ["id"]
        assert response.json["errors"][0]["code"] == "format"


@pytest.mark.sqlite
def test_200_ids_are_accepted_and_201_are_422(rows, many):
    ids = ",".join(str(many[0]["id"] + number) for number in range(IDS_MAX_ITEMS))
    assert rows.get(f"?id={ids}").json == many
    [error] = rows.get(f"?id={ids},1").json["errors"]
    assert (error["parameter"], error["code"], error["limit"]) == ("id", "too_many", 200)
    assert parameters(rows.get("?id=1&id=2")) == ["id"]


def test_ids_hold_together_with_a_search(rows, many):
    if rows.searched:
        ids = ",".join(str(row["id"]) for row in many[:6])
        for part in (many[0][rows.searched][:3], many[0][rows.searched][:1]):
            found = [row for row in many[:6] if part in row[rows.searched]]
            for sort in orders(rows):
                query = {"id": ids, "q": part, "sort": sort, "total": "true"}
                response = rows.get(query_string=query)
                assert response.json == in_order(rows, found, sort)
                assert response.headers["X-Total-Count"] == str(len(found))
