"""Operations on single rows."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests.support.resources import READ_ONLY, pointers

MERGE_PATCH = "application/merge-patch+json"


def test_a_post_answers_201_with_the_row_and_its_url(rows):
    before = datetime.now(UTC)
    body = rows.body()
    response = rows.post(body)
    row = response.json
    assert response.status_code == 201
    assert response.headers["Location"] == rows.url(row)
    assert list(row) == list(rows.resource.schemas.output().fields)
    assert {name: row[name] for name in body} == body
    assert before <= datetime.fromisoformat(row["created_at"]) <= datetime.now(UTC)
    assert row["created_at"] == row["updated_at"]


def test_the_example_can_be_posted(rows):
    references = {c.name for c in rows.columns if c.foreign_keys}
    example = {n: v for n, v in rows.example.items() if n not in references}
    row = rows.create_many([{**rows.minimal(), **example}])[0]
    assert {name: row[name] for name in example} == example


def test_a_posted_row_is_returned_and_listed(rows):
    made = [rows.create(number) for number in (2, 0, 1)]
    assert rows.get().json == made
    for row in made:
        response = rows.client.get(rows.url(row))
        assert (response.status_code, response.json) == (200, row)


def test_fields_that_are_left_out_get_their_defaults(rows):
    posted = rows.create_many([rows.minimal()])[0]
    put = rows.client.put(rows.url(posted), json=rows.minimal(1)).json
    schemas, sent = rows.resource.schemas, rows.minimal()
    loaded = schemas.input().load(sent)
    defaults = schemas.output(only=loaded.keys() - sent.keys()).dump(SimpleNamespace(**loaded))
    assert {name: posted[name] for name in defaults} == defaults
    assert {name: put[name] for name in defaults} == defaults


def test_a_field_that_may_be_null_can_be_set_to_null(rows):
    row = rows.create()
    empty = {column.name: None for column in rows.columns if column.nullable}
    made = rows.create_many([rows.body(1) | empty])[0]
    put = rows.client.put(rows.url(row), json=rows.body() | empty).json
    patched = rows.client.patch(rows.url(made), json=empty).json
    for changed in (made, put, patched):
        assert {name: changed[name] for name in empty} == empty


def test_a_put_replaces(rows):
    row = rows.create()
    body = rows.body(1)
    response = rows.client.put(rows.url(row), json=body)
    assert response.status_code == 200
    assert response.json == rows.client.get(rows.url(row)).json
    assert response.json | body == response.json
    assert response.json["created_at"] == row["created_at"]
    assert response.json["updated_at"] > row["updated_at"]


def test_a_patch_changes_only_the_named_fields(rows):
    row, other = rows.create(), rows.body(1)
    for number, column in enumerate(rows.plain):
        kind = ("application/json", MERGE_PATCH)[number % 2]
        if isinstance(other[column.name], dict):  # unnamed members stay
            changed = {column.name: row[column.name] | other[column.name]}
        else:
            changed = {column.name: other[column.name]}
        response = rows.client.patch(rows.url(row), json=changed, headers={"Content-Type": kind})
        assert response.status_code == 200, response.text
        assert response.json == row | changed | {"updated_at": response.json["updated_at"]}
        row = response.json
    assert rows.client.get(rows.url(row)).json == row


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_write_that_changes_nothing_keeps_updated_at_and_the_etag(rows, method):
    row = rows.create()
    etag = rows.client.get(rows.url(row)).headers["ETag"]
    response = rows.client.open(rows.url(row), method=method, json=row)
    assert (response.json, response.headers["ETag"]) == (row, etag)
    assert rows.client.patch(rows.url(row), json={}).headers["ETag"] == etag


def test_read_only_fields_are_ignored_with_any_value(rows):
    row = rows.create()
    sent = dict(zip(READ_ONLY, ("7", None, [{}]), strict=True))
    for response in (
        rows.client.put(rows.url(row), json=rows.body(1, **sent)),
        rows.client.patch(rows.url(row), json=sent),
        rows.post(rows.body(2, **sent)),
        rows.post([rows.body(3, **sent)], "/bulk"),
    ):
        assert response.status_code in (200, 201), response.text
    assert len(set(rows.ids())) == 3


def test_a_delete_answers_204_and_the_id_is_never_reused(rows):
    row = rows.create()
    response = rows.client.delete(rows.url(row))
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert rows.client.delete(rows.url(row)).status_code == 404
    assert rows.get().json == []
    assert rows.create(1)["id"] > row["id"]


def test_a_row_that_does_not_exist_is_404_and_reported(rows):
    one = rows.resource.table.name.replace("_", " ")
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        response = rows.client.open(f"{rows.path}/7", method=method, json=rows.body())
        assert (response.status_code, response.json["detail"]) == (404, f"There is no {one} 7.")
    assert rows.get().json == []


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "row_id",
    ["0", "-1", "+1", "01", "1.0", "1e0", "0x1", "%D9%A1", "1/", "%201", str(2**63), "9" * 5000],
)
def test_a_path_that_is_not_an_id_is_404(rows, row_id):
    rows.create()
    response = rows.get(f"/{row_id}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


def test_a_slash_after_the_collection_is_the_same_path_and_no_other_is(rows):
    row = rows.create()
    assert rows.get("/").json == [row]
    assert rows.post(rows.body(1), "/").status_code == 201
    for path in (f"//{row['id']}", f"/{row['id']}/", "//", "/bulk/", ".csv/"):
        assert rows.get(path).status_code == 404


def test_head_answers_as_get_without_the_content(rows):
    row = rows.create()
    for path in (rows.path, rows.url(row)):
        head, get = rows.client.head(path), rows.client.get(path)
        assert (head.status_code, head.data) == (200, b"")
        for name in ("Content-Length", "ETag"):
            assert head.headers[name] == get.headers[name]


@pytest.mark.sqlite
def test_options_and_405_list_the_allowed_methods(rows):
    every = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    for path, methods in {
        "": {"GET", "POST"},
        "/1": {"GET", "PUT", "PATCH", "DELETE"},
        "/bulk": {"POST"},
        ".csv": {"GET"},
        ".ndjson": {"GET"},
    }.items():
        allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        response = rows.client.options(f"{rows.path}{path}")
        assert response.status_code == 200
        assert set(response.headers["Allow"].split(", ")) >= allowed
        for method in every - set(response.headers["Allow"].split(", ")):
            refused = rows.client.open(f"{rows.path}{path}", method=method)
            assert refused.status_code == 405
            assert refused.headers["Allow"]


def test_another_media_type_is_415(rows):
    row = rows.create()
    for method, path, kind in (
        ("POST", rows.path, MERGE_PATCH),
        ("POST", f"{rows.path}/bulk", "text/json"),
        ("PUT", rows.url(row), MERGE_PATCH),
        ("PATCH", rows.url(row), "text/plain"),
    ):
        refused = rows.client.open(path, method=method, data="{}", content_type=kind)
        assert refused.status_code == 415, (method, path)
        assert ("Accept-Patch" in refused.headers) == (method == "PATCH")
    assert pointers(rows.post(5)) == ["#"]
