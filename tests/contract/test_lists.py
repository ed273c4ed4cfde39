"""Lists: sorting, pages, filters, search and totals."""

import pytest

from flask_things.db.types import Text
from tests.support.lists import as_text, in_order, orders, walk
from tests.support.resources import parameters
from tests.support.server import next_page


def test_a_list_has_100_rows_by_default_and_up_to_1000(rows):
    made = rows.create_many([rows.minimal(number) for number in range(1000)])
    made += rows.create_many([rows.minimal(1000)])
    ids = [row["id"] for row in made]
    first = rows.get()
    assert [row["id"] for row in first.json] == ids[:100]
    assert [row["id"] for row in rows.client.get(next_page(first.headers)).json] == ids[100:200]
    for limit, expected in (("1", 1), ("007", 7), ("1000", 1000), ("1001", 1000), ("9" * 50, 1000)):
        assert rows.ids(f"?limit={limit}") == ids[:expected]


def test_every_sort_order_is_complete_on_pages_of_any_length(rows, many):
    assert {"id", "created_at", "updated_at"} <= {s.removeprefix("-") for s in orders(rows)}
    for sort in orders(rows):
        expected = in_order(rows, many, sort)
        for limit in (1, 5):
            assert walk(rows, f"sort={sort}", limit) == expected, sort


def test_rows_that_stay_are_listed_once_while_others_are_created_and_deleted(rows, many):
    """Also if the last row of a page is deleted."""
    for sort in orders(rows):
        gone = rows.create_many([rows.body(50 + number) for number in range(3)])
        met, path = [], f"{rows.path}?limit=5&sort={sort}"
        while path:
            page = rows.client.get(path)
            met += [row["id"] for row in page.json]
            last = page.json[-1]
            if last in gone:
                assert rows.client.delete(rows.url(last)).status_code == 204
                gone.remove(last)
            path = next_page(page.headers)
        for row in gone:
            rows.client.delete(rows.url(row))
        stayed = [row["id"] for row in in_order(rows, many, sort)]
        assert [row_id for row_id in met if row_id in stayed] == stayed, sort


@pytest.mark.sqlite
def test_an_order_or_a_limit_that_does_not_exist_is_422(rows):
    for sort in ("name_", "", "-", "--id", "%2Bid", "ID", "revision", "id,id"):
        assert parameters(rows.get(f"?sort={sort}")) == ["sort"]
    for limit in ("0", "-1", "%2B1", "1.0", "1e2", "x", "", "1_0", "%D9%A3", "%201"):
        assert parameters(rows.get(f"?limit={limit}")) == ["limit"]
    for total in ("", "True", "1", "yes"):
        assert parameters(rows.get(f"?total={total}")) == ["total"]
    for query in ("limit=1&limit=1", "sort=id&sort=id", "page=2", "offset=1", "Limit=1"):
        assert parameters(rows.get(f"?{query}")) == [query.partition("=")[0]]


def test_a_filter_finds_the_rows_with_its_value(rows, many):
    for name in rows.resource.collection.queries.narrowing.filters:
        for value in {repr(row[name]): row[name] for row in many}.values():
            if value is None:
                continue
            expected = [row for row in many if row[name] == value]
            response = rows.get(query_string={name: as_text(value), "total": "true"})
            assert response.json == expected, (name, value)
            assert response.headers["X-Total-Count"] == str(len(expected))


def test_filters_hold_together_and_in_every_order(rows, many):
    filters = rows.resource.collection.queries.narrowing.filters
    chosen = {n: many[0][n] for n in filters if many[0][n] is not None}
    query = {n: as_text(value) for n, value in chosen.items()}
    expected = [row for row in many if all(row[n] == chosen[n] for n in chosen)]
    assert many[0] in expected
    for sort in orders(rows):
        response = rows.get(query_string={**query, "sort": sort})
        assert response.json == in_order(rows, expected, sort)


def test_a_value_that_a_filter_cannot_have_is_422(rows):
    for name in rows.resource.collection.queries.narrowing.filters:
        column = rows.resource.table.c[name]
        for value in (
            ("\0", "x" * 100_001) if isinstance(column.type, Text) else ("\0", "x y", "1e5")
        ):
            response = rows.get(query_string={name: value})
            assert set(parameters(response)) == {name}, (name, value)
        repeated = rows.get(query_string=f"{name}=1&{name}=1")
        assert parameters(repeated) == [name]


def test_a_search_finds_substrings_in_any_case(rows, many):
    searched = rows.searched
    if not searched:
        assert parameters(rows.get("?q=x")) == ["q"]
        return
    for row in many:
        part = row[searched][2:8].upper()
        expected = [other for other in many if part.casefold() in other[searched].casefold()]
        for sort in ("id", "-updated_at"):
            response = rows.get(query_string={"q": part, "sort": sort, "total": "true"})
            assert response.json == in_order(rows, expected, sort)
            assert response.headers["X-Total-Count"] == str(len(expected))
    assert rows.get("?q=").json == many
    assert rows.get(query_string={"q": "no such text"}).json == []
    for q in ("x" * 201, "\0"):
        assert parameters(rows.get(query_string={"q": q})) == ["q"]


def test_the_total_is_there_only_where_it_is_asked_for(rows, many):
    assert rows.get("?total=true&limit=3").headers["X-Total-Count"] == str(len(many))
    for query in ("", "?total=false"):
        assert "X-Total-Count" not in rows.get(query).headers


def test_a_cursor_is_bound_to_its_order_and_to_every_filter(rows, many):
    filters = rows.resource.collection.queries.narrowing.filters
    narrowed = {n: as_text(many[0][n]) for n in filters if many[0][n] is not None}
    if rows.searched:
        narrowed["q"] = "0"
    link = next_page(rows.get("?limit=1").headers)
    cursor = link.partition("cursor=")[2].partition("&")[0]
    for query in ({}, {"limit": "5"}, {"total": "true"}):
        assert rows.get(query_string={"cursor": cursor, **query}).status_code == 200
    for query in ({"sort": "-id"}, {"sort": "created_at"}, *({n: v} for n, v in narrowed.items())):
        assert parameters(rows.get(query_string={"cursor": cursor, **query})) == ["cursor"]
    for damaged in (cursor[:-1], cursor + "A", "", "x", cursor[1:], cursor.swapcase()):
        assert parameters(rows.get(query_string={"cursor": damaged})) == ["cursor"]


def test_a_cursor_of_another_resource_is_422(rows, many, resources):
    cursor = next_page(rows.get("?limit=1").headers).partition("cursor=")[2].partition("&")[0]
    for other in (one for one in resources if one is not rows.resource):
        response = rows.client.get(f"/{other.name}", query_string={"cursor": cursor})
        assert parameters(response) == ["cursor"]


def test_a_link_keeps_the_other_parameters(rows, many):
    link = next_page(rows.get("?limit=2&sort=-created_at&total=true").headers)
    assert link.startswith(f"{rows.path}?")
    for part in ("limit=2", "sort=-created_at", "total=true"):
        assert part in link
    assert "Link" not in rows.get("?limit=1000").headers


def test_a_row_is_the_same_bytes_wherever_it_is(rows, many):
    """So that clients can compare them."""
    row = many[0]
    alone = rows.client.get(rows.url(row)).data.rstrip(b"\n")
    listed = rows.get(f"?id={row['id']}").data
    assert listed == b"[%b]\n" % alone
    assert rows.get(f".ndjson?id={row['id']}").data == alone + b"\n"
    assert alone in rows.client.get(f"{rows.url(row)}/versions").data
    changed = rows.client.patch(f"{rows.path}/bulk", json=[{"id": row["id"]}])
    assert changed.data == listed
    rows.client.delete(rows.url(row))
    assert alone[:-1] in rows.get("/trash").data
