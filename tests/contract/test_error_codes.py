"""Error codes, which programs can rely on."""

import json

import pytest

from flask_things.db import types
from flask_things.http.decoding import BODY_MAX_VALUES

#: The database makes no difference, except for the errors of test_references.py.
pytestmark = pytest.mark.sqlite

JSON = {"Content-Type": "application/json"}

#: The names of an error's location.
PLACES = ("pointer", "parameter", "header")


def codes(response, status=422):
    """Return the location, the code and, if present, the limit of each error."""
    assert response.status_code == status, response.text
    return [
        tuple(error[name] for name in (*PLACES, "code", "limit") if name in error)
        for error in response.json["errors"]
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", ("limit", "too_small", 1)),
        ("limit=000", ("limit", "too_small", 1)),
        ("limit=-5", ("limit", "too_small", 1)),
        ("limit=", ("limit", "type")),
        ("limit=x", ("limit", "type")),
        ("limit=%2B1", ("limit", "type")),
        ("total=1", ("total", "type")),
        ("sort=foo", ("sort", "not_allowed")),
        ("sort=", ("sort", "not_allowed")),
        ("cursor=bad", ("cursor", "cursor")),
        ("cursor=", ("cursor", "cursor")),
        ("colour=red", ("colour", "unknown")),
        ("_schema=1", ("_schema", "unknown")),
        ("limit=1&limit=1", ("limit", "repeated")),
        ("_schema=1&_schema=1", ("_schema", "repeated")),
        ("_schema=%ff", ("_schema", "format")),
        ("sort=%ff", ("sort", "format")),
    ],
)
def test_a_wrong_parameter_of_a_list_has_its_code(rows, query, expected):
    assert codes(rows.get(f"?{query}")) == [expected]


def test_a_wrong_search_has_its_code(rows):
    if rows.searched:
        assert codes(rows.get(f"?q={'x' * 201}")) == [("q", "too_long", 200)]
        assert codes(rows.get("?q=%00")) == [("q", "not_storable")]
    else:
        assert codes(rows.get("?q=x")) == [("q", "unknown")]


def test_each_wrong_parameter_is_listed(rows):
    assert sorted(codes(rows.get("?limit=0&sort=x&page=2"))) == [
        ("limit", "too_small", 1),
        ("page", "unknown"),
        ("sort", "not_allowed"),
    ]


def test_a_missing_field_is_required(rows):
    wanted = {(f"#/{name}", "required") for name in rows.minimal()}
    assert set(codes(rows.post({}))) == wanted
    bulk = set(codes(rows.post([rows.body(), {}], "/bulk")))
    assert bulk == {(f"#/1{pointer[1:]}", code) for pointer, code in wanted}


def test_an_unknown_field_is_unknown(rows):
    url, body = rows.url(rows.create(0)), rows.body(1) | {"colour": 1}
    assert codes(rows.post(body)) == [("#/colour", "unknown")]
    assert codes(rows.client.put(url, json=body)) == [("#/colour", "unknown")]
    assert codes(rows.client.patch(url, json={"colour": None})) == [("#/colour", "unknown")]
    assert codes(rows.post([body], "/bulk")) == [("#/0/colour", "unknown")]


@pytest.mark.parametrize("body", [[], "x", 5, None, True])
def test_a_body_that_is_not_an_object_is_of_another_type(rows, body):
    assert codes(rows.client.post(rows.path, data=json.dumps(body), headers=JSON)) == [
        ("#", "type")
    ]
    assert codes(rows.post([body], "/bulk")) == [("#/0", "type")]


def test_too_few_and_too_many_items_have_a_limit(rows):
    assert codes(rows.post([], "/bulk")) == [("#", "too_few", 1)]
    assert codes(rows.post([rows.minimal()] * 1001, "/bulk")) == [("#", "too_many", 1000)]
    assert codes(rows.post(rows.body(), "/bulk")) == [("#", "type")]


def test_too_many_values_have_a_limit(rows):
    response = rows.post([[0] * BODY_MAX_VALUES], "/bulk")
    assert codes(response) == [("#", "too_many", BODY_MAX_VALUES)]


def test_a_wrong_key_has_its_code(rows):
    for path, body in (("", rows.body()), ("/bulk", [rows.body()])):
        for key, expected in (
            ("", ("too_short", 1)),
            ("x" * 256, ("too_long", 255)),
            ("ä", ("format",)),
        ):
            response = rows.post(body, path, headers={"Idempotency-Key": key})
            assert codes(response) == [("Idempotency-Key", *expected)]


def test_a_key_with_another_body_is_reused(rows):
    for path, first, second in (
        ("", rows.body(0), rows.body(1)),
        ("/bulk", [rows.body(2)], [rows.body(3)]),
    ):
        assert rows.post(first, path, headers={"Idempotency-Key": "k"}).status_code == 201
        response = rows.post(second, path, headers={"Idempotency-Key": "k"})
        assert codes(response) == [("Idempotency-Key", "key_reused")]


def test_a_value_that_a_filter_cannot_have_has_its_code(rows):
    for name in rows.resource.collection.queries.narrowing.filters:
        kind = rows.resource.table.c[name].type
        expected = {
            types.Text: "not_storable",
            types.Integer: "type",
            types.Boolean: "type",
            types.Choice: "not_allowed",
        }.get(type(kind), "format")
        assert codes(rows.get(query_string={name: "\0"})) == [(name, expected)]
