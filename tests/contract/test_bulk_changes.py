"""Bulk changes: PATCH on /bulk."""

import json

import pytest

from tests.support.resources import pointers

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def patch(rows):
    """Return a function that changes many rows."""
    return lambda items, **options: rows.client.patch(f"{rows.path}/bulk", json=items, **options)


@pytest.fixture
def text(rows):
    """Return the name of a text field."""
    return rows.searched


def codes(response):
    """Return the code of each error by location."""
    return {one["pointer"]: one["code"] for one in response.json["errors"]}


def test_rows_are_changed_and_returned_in_the_order_sent(rows, patch, text):
    made = rows.create_many([rows.body(number) for number in range(3)])
    sent = [{"id": made[place]["id"], text: f"new {place}"} for place in (2, 0)]
    response = patch(sent)
    assert response.status_code == 200, response.text
    assert [one | item for one, item in zip(response.json, sent, strict=True)] == response.json
    assert rows.get().json == [response.json[1], made[1], response.json[0]]


def test_each_item_changes_its_own_fields_only(rows, patch, text):
    first, second = rows.create_many([rows.body(0), rows.body(1)])
    changed = patch([{"id": first["id"], text: "new"}, {"id": second["id"]}]).json
    assert changed[0] == first | {text: "new", "updated_at": changed[0]["updated_at"]}
    assert changed[1] == second


def test_a_row_that_was_got_can_be_sent_back(rows, patch, text):
    made = rows.create_many([rows.body(0), rows.body(1)])
    changed = patch([row | {text: "new"} for row in made]).json
    assert [row["created_at"] for row in changed] == [row["created_at"] for row in made]
    assert [row[text] for row in changed] == ["new", "new"]


def test_a_row_that_does_not_change_keeps_updated_at(rows, patch):
    made = rows.create()
    assert patch([made]).json == [made]


def test_missing_rows_are_reported_and_nothing_is_changed(rows, patch, text):
    row = rows.create()
    response = patch([{"id": 900}, {"id": row["id"], text: "new"}, {"id": 901, text: "x"}])
    assert response.status_code == 404
    assert codes(response) == {"#/0/id": "not_found", "#/2/id": "not_found"}
    assert rows.get().json == [row]


def test_all_of_1000_missing_rows_are_reported(rows, patch):
    response = patch([{"id": number} for number in range(1, 1001)])
    assert (response.status_code, len(response.json["errors"])) == (404, 1000)


@pytest.mark.sqlite
def test_the_second_item_of_an_id_is_422(rows, patch):
    row = rows.create()
    response = patch([{"id": row["id"]}, {"id": 5}, {"id": row["id"]}, {"id": row["id"]}])
    assert response.status_code == 422
    assert codes(response) == {"#/2/id": "repeated", "#/3/id": "repeated"}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("row_id", "code"),
    [("7", "type"), (0, "too_small"), (2**63, "too_large"), (None, "null"), (1.5, "type")],
)
def test_an_invalid_id_is_422(rows, patch, row_id, code):
    assert codes(patch([{"id": row_id}])) == {"#/0/id": code}


@pytest.mark.sqlite
def test_an_item_needs_an_id(rows, patch):
    assert codes(patch([rows.body()])) == {"#/0/id": "required"}


@pytest.mark.sqlite
def test_an_invalid_item_is_pointed_at_and_nothing_is_changed(rows, patch, text):
    made = rows.create_many([rows.body(0), rows.body(1)])
    response = patch([{"id": made[0]["id"], text: "new"}, {"id": made[1]["id"], text: 5}])
    assert codes(response) == {f"#/1/{text}": "type"}
    assert rows.get().json == made


@pytest.mark.sqlite
def test_none_or_more_than_1000_are_422(rows, patch):
    for items in ([], [{"id": number} for number in range(1, 1002)], {"id": 1}, 5):
        assert pointers(patch(items)) == ["#"]


@pytest.mark.sqlite
def test_a_merge_patch_is_no_array(rows):
    kind = {"Content-Type": "application/merge-patch+json"}
    response = rows.client.patch(f"{rows.path}/bulk", data=b"[]", headers=kind)
    assert (response.status_code, response.headers["Accept-Patch"]) == (415, "application/json")


def test_a_failed_precondition_changes_nothing(rows, patch, text):
    row = rows.create()
    stale, fresh = '"x"', rows.get().headers["ETag"]
    items = [{"id": row["id"], text: "new"}]
    assert patch(items, headers={"If-Match": stale}).status_code == 412
    assert rows.get().json == [row]
    assert patch(items, headers={"If-Match": fresh}).status_code == 200


def test_a_value_that_is_taken_points_at_its_item(rows, patch):
    unique = [column.name for column in rows.columns if column.unique]
    if not unique:
        pytest.skip("no column is unique")
    first, second, third = rows.create_many([rows.body(number) for number in range(3)])
    name = unique[0]
    response = patch([{"id": first["id"]}, {"id": second["id"], name: third[name]}])
    assert response.status_code == 409
    assert codes(response) == {f"#/1/{name}": "not_unique"}
    assert rows.get().json == [first, second, third]


def test_a_reference_to_a_missing_row_points_at_its_item(rows, patch):
    if not rows.references:
        pytest.skip("no column is a reference")
    made = rows.create_many([rows.body(0), rows.body(1)])
    name = rows.references[0].name
    response = patch([{"id": made[0]["id"]}, {"id": made[1]["id"], name: 900_000}])
    assert response.status_code == 422
    assert codes(response) == {f"#/1/{name}": "not_found"}


def test_1000_rows_are_changed_at_once(rows, patch, text):
    made = rows.create_many([rows.minimal(number) for number in range(1000)])
    changed = patch([{"id": row["id"], text: f"n{row['id']}"} for row in made]).json
    assert [row[text] for row in changed] == [f"n{row['id']}" for row in made]


@pytest.mark.sqlite
def test_more_bytes_than_a_bulk_call_may_have_are_not_returned(rows, patch, text, monkeypatch):
    monkeypatch.setattr("flask_things.resource.bulk.BULK_BODY_MAX_BYTES", 1000)
    made = rows.create_many([rows.minimal(number) for number in range(10)])
    response = patch([{"id": row["id"], text: "new"} for row in made])
    assert codes(response) == {"#": "too_many"}
    assert rows.get().json == made


@pytest.mark.sqlite
def test_the_body_may_have_16_mib(rows):
    body = json.dumps([{"id": 1, "x": "y" * 3_000_000}]).encode()
    response = rows.client.patch(f"{rows.path}/bulk", data=body, headers=JSON)
    assert response.status_code == 422
