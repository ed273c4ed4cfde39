"""Bulk deletion: DELETE on /bulk."""

import pytest


@pytest.fixture
def delete(rows):
    """Return a function that deletes rows by a query."""
    return lambda query, **options: rows.client.delete(f"{rows.path}/bulk{query}", **options)


def test_rows_are_deleted_and_in_the_trash(rows, delete):
    made = rows.create_many([rows.body(number) for number in range(3)])
    response = delete(f"?id={made[2]['id']},{made[0]['id']}")
    assert (response.status_code, response.data) == (204, b"")
    assert rows.get().json == [made[1]]
    trash = {row["id"] for row in rows.get("/trash").json}
    assert trash == {made[0]["id"], made[2]["id"]}


def test_missing_rows_are_reported_and_nothing_is_deleted(rows, delete):
    row = rows.create()
    response = delete(f"?id=900,{row['id']},9223372036854775808")
    assert response.status_code == 404
    errors = response.json["errors"]
    assert [(one["parameter"], one["code"]) for one in errors] == [("id", "not_found")] * 2
    assert all(any(n in one["detail"] for one in errors) for n in ("900", "9223372036854775808"))
    assert rows.get().json == [row]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "required"),
        ("?id=", "format"),
        ("?id=1,", "format"),
        ("?id=*", "format"),
        ("?id=" + ",".join(map(str, range(1, 202))), "too_many"),
    ],
)
def test_no_query_means_everything(rows, delete, query, code):
    row = rows.create()
    response = delete(query)
    assert response.status_code == 422
    [error] = response.json["errors"]
    assert (error["parameter"], error["code"]) == ("id", code)
    assert rows.get().json == [row]


@pytest.mark.sqlite
@pytest.mark.parametrize("other", ["q=x", "sort=id", "created_at_lt=2030-01-01T00:00:00Z"])
def test_no_other_parameter_selects_rows(rows, delete, other):
    row = rows.create()
    assert delete(f"?id={row['id']}&{other}").status_code == 422
    assert rows.get().json == [row]


def test_a_failed_precondition_deletes_nothing(rows, delete):
    row = rows.create()
    fresh = rows.get().headers["ETag"]
    query = f"?id={row['id']}"
    assert delete(query, headers={"If-Match": '"x"'}).status_code == 412
    assert rows.get().json == [row]
    assert delete(query, headers={"If-Match": fresh}).status_code == 204


def test_200_rows_are_deleted_at_once(rows, delete):
    made = rows.create_many([rows.minimal(number) for number in range(201)])
    ids = ",".join(str(row["id"]) for row in made[:200])
    assert delete(f"?id={ids}").status_code == 204
    assert rows.get().json == made[200:]
