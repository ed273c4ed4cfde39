"""Restoring rows from the trash."""

import pytest

from flask_things.db.objects import quote
from flask_things.db.session import db
from tests.contract.test_erase import erase
from tests.support.resources import pointers
from tests.support.values import extremes

#: Ids that no row can have.
NO_IDS = ["0", "77", str(2**63 - 1), str(2**63), "9" * 400]


def restore(rows, row, **options):
    """Restore a row, and return the response."""
    return rows.client.post(f"{rows.url(row)}/restore", **options)


@pytest.fixture
def deleted(rows):
    """Return a row in the trash."""
    row = rows.create()
    assert rows.client.delete(rows.url(row)).status_code == 204
    return row


def test_a_restored_row_is_as_it_was_but_for_updated_at(rows, deleted):
    response = restore(rows, deleted)
    assert response.status_code == 200
    row = response.json
    assert row == deleted | {"updated_at": row["updated_at"]}
    assert row["updated_at"] > deleted["updated_at"]
    found = rows.client.get(rows.url(deleted))
    assert (found.json, found.headers["ETag"]) == (row, response.headers["ETag"])
    assert (rows.get().json, rows.get("/trash").json) == ([row], [])
    assert rows.create(1)["id"] > row["id"]


def test_a_row_that_exists_is_returned_as_it_is(rows, deleted):
    first = restore(rows, deleted)
    again = restore(rows, deleted)
    assert (again.status_code, again.data) == (200, first.data)
    assert again.headers["ETag"] == first.headers["ETag"]
    changed = rows.client.put(rows.url(deleted), json=rows.body(1))
    assert restore(rows, deleted).json == changed.json


def test_an_etag_of_before_never_becomes_valid_again(rows):
    row = rows.create()
    tags = [rows.client.get(rows.url(row)).headers["ETag"]]
    for _ in range(5):
        rows.client.delete(rows.url(row))
        tags.append(restore(rows, row).headers["ETag"])
    assert len(set(tags)) == 6
    for tag in tags[:-1]:
        response = rows.client.delete(rows.url(row), headers={"If-Match": tag})
        assert response.status_code == 412


def test_every_value_within_the_limits_is_restored(rows):
    row = rows.create()
    for column in rows.plain:
        for given in [] if column.foreign_keys or column.unique else extremes(column):
            before = rows.client.patch(rows.url(row), json={column.name: given})
            if before.status_code == 422:  # a CHECK constraint of the table
                continue
            rows.client.delete(rows.url(row))
            [found] = rows.get("/trash").json
            assert found == before.json | {"deleted_at": found["deleted_at"]}
            after = restore(rows, row).json
            assert after == before.json | {"updated_at": after["updated_at"]}, (column, given)


def test_a_row_with_only_required_fields_is_restored(rows):
    row = rows.create_many([rows.minimal()])[0]
    empty = {column.name: None for column in rows.plain if column.nullable}
    row = rows.client.patch(rows.url(row), json=empty).json
    rows.client.delete(rows.url(row))
    assert restore(rows, row).json.items() >= empty.items()


def test_a_row_can_be_deleted_and_restored_again_and_again(rows):
    row = rows.create()
    for _ in range(50):
        assert rows.client.delete(rows.url(row)).status_code == 204
        assert restore(rows, row).status_code == 200
    assert len(rows.get(f"/{row['id']}/versions?limit=200").json) == 101


@pytest.mark.parametrize("row_id", NO_IDS)
def test_a_row_that_never_existed_is_404(rows, row_id):
    for method, path in (
        ("POST", f"{row_id}/restore"),
        ("GET", f"{row_id}/versions"),
        ("DELETE", f"trash/{row_id}"),
    ):
        response = rows.client.open(f"{rows.path}/{path}", method=method)
        assert response.status_code == 404, path
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("body", [{"json": {}}, {"data": b"\xff"}, {"data": b""}])
def test_a_body_is_ignored(rows, deleted, body):
    assert restore(rows, deleted, **body).status_code == 200


def test_preconditions_are_compared_with_the_row_that_exists(rows, deleted):
    for headers in ({"If-Match": "*"}, {"If-Match": '"other"'}):
        assert restore(rows, deleted, headers=headers).status_code == 412
        assert erase(rows, deleted, headers=headers).status_code == 412
        assert restore(rows, {"id": 77}, headers=headers).status_code == 404
    assert rows.ids("/trash") == [deleted["id"]]
    made = restore(rows, deleted, headers={"If-None-Match": "*"})
    assert made.status_code == 200
    for headers, status in (
        ({"If-None-Match": "*"}, 412),
        ({"If-None-Match": made.headers["ETag"]}, 412),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": made.headers["ETag"]}, 200),
    ):
        assert restore(rows, deleted, headers=headers).status_code == status


def test_a_reference_to_a_row_that_is_gone_is_422(rows):
    for column in rows.references:
        [reference] = column.foreign_keys
        row = rows.create()
        rows.client.delete(rows.url(row))
        target = f"/{rows.name_of(reference.column.table.name)}/{row[column.name]}"
        assert rows.client.delete(target).status_code == 204
        assert pointers(restore(rows, row)) == [f"#/{column.name}"]
        assert rows.client.post(f"{target}/restore").status_code == 200
        assert restore(rows, row).json[column.name] == row[column.name]


def test_a_value_that_another_row_has_taken_is_409(rows, deleted):
    for name in [column.name for column in rows.columns if column.unique]:
        other = rows.create(1, **{name: deleted[name]})
        assert pointers(restore(rows, deleted), 409) == [f"#/{name}"]
        rows.client.delete(rows.url(other))
        assert restore(rows, deleted).status_code == 200


def test_a_shell_restores_rows(app, rows, deleted):
    with app.app_context():
        name = f"restore_{rows.table.name}"
        assert app.make_shell_context()[name](db.session, deleted["id"]).id == deleted["id"]
    assert rows.ids() == [deleted["id"]]


def test_a_row_of_that_id_that_another_program_inserts_is_not_in_the_trash(rows, deleted, execute):
    columns = ", ".join(quote(c.name) for c in rows.columns if not c.unique)
    table, template = quote(rows.table.name), rows.create(1)["id"]
    execute(
        f"INSERT INTO {table} (id, {columns}) SELECT {deleted['id']}, {columns} FROM {table} "
        f"WHERE id = {template}"
    )
    assert rows.ids("/trash") == []
    changes = [one["change"] for one in rows.get(f"/{deleted['id']}/versions").json]
    assert changes == ["created", "deleted", "created"]
