"""Unique values, references to other rows, and rules of a table."""

import pytest

from tests.support.resources import Rows, pointers
from tests.support.samples import ORDERS


@pytest.fixture
def unique(rows):
    """Return the names of the unique fields."""
    names = [column.name for column in rows.columns if column.unique]
    return names or pytest.skip("this resource has none")


@pytest.fixture
def references(rows):
    """Return the columns that refer to another table."""
    return rows.references or pytest.skip("this resource has none")


def test_a_value_that_must_be_unique_is_409_if_another_row_has_it(rows, unique):
    first, second = rows.create(0), rows.create(1)
    for name in unique:
        taken = {name: first[name]}
        for path, method, body, pointer in (
            (rows.path, "POST", rows.body(2) | taken, f"#/{name}"),
            (rows.url(second), "PUT", rows.body(2) | taken, f"#/{name}"),
            (rows.url(second), "PATCH", taken, f"#/{name}"),
            (f"{rows.path}/bulk", "POST", [rows.body(2), rows.body(3) | taken], f"#/1/{name}"),
        ):
            response = rows.client.open(path, method=method, json=body)
            assert pointers(response, 409) == [pointer]
            assert response.json["errors"][0]["code"] == "not_unique"
        assert rows.client.patch(rows.url(first), json=taken).json == first
    assert rows.get().json == [first, second]


def test_two_items_of_a_bulk_may_not_share_a_unique_value(rows, unique):
    for name in unique:
        same = {name: rows.body()[name]}
        response = rows.post([rows.body(0), rows.body(1) | same], "/bulk")
        assert pointers(response, 409) == [f"#/1/{name}"]
    assert rows.get().json == []


def test_a_unique_value_is_free_once_its_row_is_gone(rows, unique):
    row = rows.create()
    rows.client.delete(rows.url(row))
    assert rows.create()["id"] > row["id"]


def test_many_rows_may_be_null_in_a_unique_field(rows, unique):
    empty = {c.name: None for c in rows.columns if c.name in unique and c.nullable}
    assert len(rows.create_many([rows.minimal(n) | empty for n in range(3)])) == 3


def test_a_reference_to_a_missing_row_is_422_with_its_pointer(rows, references):
    row = rows.create()
    for column in references:
        bad = {column.name: 2**63 - 1}
        for path, method, body, pointer in (
            (rows.path, "POST", rows.body(1) | bad, f"#/{column.name}"),
            (rows.url(row), "PUT", rows.body(1) | bad, f"#/{column.name}"),
            (rows.url(row), "PATCH", bad, f"#/{column.name}"),
            (f"{rows.path}/bulk", "POST", [rows.body(1), rows.body(2) | bad], f"#/1/{column.name}"),
        ):
            response = rows.client.open(path, method=method, json=body)
            assert pointers(response) == [pointer]
            assert response.json["errors"][0]["code"] == "not_found"
    assert rows.get().json == [row]


def test_a_row_that_is_referred_to_is_deleted_as_its_reference_demands(rows, references):
    for column in references:
        [reference] = column.foreign_keys
        row = rows.create()
        url = f"/{rows.name_of(reference.column.table.name)}/{row[column.name]}"
        response = rows.client.delete(url)
        there = rows.client.get(rows.url(row))
        match (reference.ondelete or "").upper():
            case "SET NULL":
                assert (response.status_code, there.json[column.name]) == (204, None)
            case "CASCADE":
                assert (response.status_code, there.status_code) == (204, 404)
            case _:
                assert (response.status_code, there.json) == (409, row)
                assert response.content_type == "application/problem+json"
                rows.client.delete(rows.url(row))
                assert rows.client.delete(url).status_code == 204


def test_a_row_that_changes_with_another_has_a_new_etag(rows, references):
    for column in references:
        [reference] = column.foreign_keys
        if (reference.ondelete or "").upper() != "SET NULL":
            continue
        row = rows.create()
        before = rows.client.get(rows.url(row)).headers["ETag"]
        rows.client.delete(f"/{rows.name_of(reference.column.table.name)}/{row[column.name]}")
        assert rows.client.get(rows.url(row)).headers["ETag"] != before


def test_a_row_that_breaks_a_rule_of_its_table_is_422(resources, client):
    rows = Rows(ORDERS, resources, client)
    row = rows.create()
    unlucky = {"count": 13}
    for path, method, body in (
        (rows.path, "POST", rows.body(1) | unlucky),
        (f"{rows.path}/bulk", "POST", [rows.body(1), rows.body(2) | unlucky]),
        (rows.url(row), "PUT", rows.body() | unlucky),
        (rows.url(row), "PATCH", unlucky),
    ):
        response = client.open(path, method=method, json=body)
        assert pointers(response) == ["#"]
        broken = {"code": "rule", "detail": "The values break the rule not_13.", "pointer": "#"}
        assert response.json["errors"] == [broken]
    assert rows.get().json == [row]
