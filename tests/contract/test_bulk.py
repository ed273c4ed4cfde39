"""Bulk creation."""

import json

import pytest

from flask_things.transport.uploads import BODY_MAX_BYTES, BULK_BODY_MAX_BYTES
from tests.support.resources import pointers

JSON = {"Content-Type": "application/json"}


def test_rows_are_created_in_the_order_sent(rows):
    made = rows.create_many([rows.body(number) for number in (3, 1, 2)])
    bodies = [rows.body(number) for number in (3, 1, 2)]
    assert [row | body for row, body in zip(made, bodies, strict=True)] == made
    assert rows.get().json == made


def test_each_item_keeps_its_own_fields(rows):
    """The first item must not decide which columns are stored."""
    bodies = [rows.minimal(0), rows.body(1), rows.minimal(2), rows.body(3)]
    made = rows.create_many(bodies)
    alone = rows.create_many([rows.minimal(4)])[0]
    for row, body in zip(made, bodies, strict=True):
        assert row | body == row
    for name in set(rows.fields) - set(rows.minimal()):
        assert made[0][name] == made[2][name] == alone[name]


def test_rows_that_were_got_can_be_sent(rows):
    unique = {column.name for column in rows.columns if column.unique}
    got = rows.create_many([rows.body(0), rows.body(1)])
    sent = [row | {name: rows.body(n)[name] for name in unique} for n, row in enumerate(got, 2)]
    copies = rows.create_many(sent)
    ids = [row["id"] for row in copies]
    assert not set(ids) & {row["id"] for row in got}
    assert ids == sorted(ids)


def test_an_error_points_at_its_item_and_nothing_is_created(rows):
    good, first = [rows.body(number) for number in range(3)], rows.fields[0]
    for item, pointer in (
        ({first: []}, f"#/3/{first}"),
        (rows.body(3) | {"colour": "red"}, "#/3/colour"),
        (7, "#/3"),
        (None, "#/3"),
        ([], "#/3"),
    ):
        assert pointer in pointers(rows.post([*good, item, rows.body(4)], "/bulk"))
    assert rows.get().json == []


@pytest.mark.sqlite
def test_none_or_more_than_1000_are_422(rows):
    for body in ([], [rows.minimal(0)] * 1001, rows.body(), "x", 5, None, True):
        response = rows.client.post(f"{rows.path}/bulk", data=json.dumps(body), headers=JSON)
        assert pointers(response) == ["#"]
    assert rows.get().json == []


def test_1000_rows_are_created_at_once(rows):
    made = rows.create_many([rows.minimal(number) for number in range(1000)])
    assert rows.get("?limit=1000").json == made


@pytest.mark.sqlite
def test_no_more_than_100_errors_are_listed(rows):
    assert len(pointers(rows.post([5] * 1000, "/bulk"))) == 100


@pytest.mark.sqlite
@pytest.mark.parametrize(("path", "limit"), [("", BODY_MAX_BYTES), ("/bulk", BULK_BODY_MAX_BYTES)])
def test_a_body_over_the_limit_is_413(rows, path, limit):
    body = json.dumps([rows.body()] if path else rows.body()).encode()
    full = body + b" " * (limit - len(body))
    assert rows.client.post(rows.path + path, data=full, headers=JSON).status_code == 201
    response = rows.client.post(rows.path + path, data=full + b" ", headers=JSON)
    assert response.status_code == 413
    assert len(rows.get().json) == 1
