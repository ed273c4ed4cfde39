"""Conditional requests and retries on every resource. tests/http tests the fields' syntax."""

import re

import pytest

from flask_things.db.session import db

KEY = {"Idempotency-Key": "3f0c-1"}


def etag(rows, row=None):
    """Return the current ETag of a row or the list."""
    return rows.client.get(rows.url(row) if row else rows.path).headers["ETag"]


def writes(rows, row, number, **headers):
    """Yield the responses to conditional writes of a row. The last one is a delete."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    for method in ("PUT", "PATCH", "DELETE"):
        body = None if method == "DELETE" else rows.body(number)
        yield rows.client.open(rows.url(row), method=method, json=body, headers=fields)


def test_every_answer_with_a_row_has_the_same_strong_etag(rows):
    made = rows.post(rows.body())
    row = made.json
    answers = [
        made,
        rows.client.get(rows.url(row)),
        rows.client.head(rows.url(row)),
        rows.client.put(rows.url(row), json=row),
        rows.client.patch(rows.url(row), json={}),
    ]
    [tag] = {answer.headers["ETag"] for answer in answers}
    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    assert all(answer.headers["Cache-Control"] == "no-cache" for answer in answers)


def test_another_content_has_another_etag_also_if_it_was_there_before(rows):
    row = rows.create()
    tags = {etag(rows, row), etag(rows, rows.create(1))}
    for number in (2, 0, 2):
        tags.add(rows.client.put(rows.url(row), json=rows.body(number)).headers["ETag"])
    assert len(tags) == 5


def test_a_known_version_is_304(rows):
    row = rows.create()
    rows.create(1)
    for path in (rows.url(row), rows.path, f"{rows.path}?limit=1&total=true"):
        whole = rows.client.get(path)
        for method in ("GET", "HEAD"):
            headers = {"If-None-Match": f'"other", {whole.headers["ETag"]}'}
            response = rows.client.open(path, method=method, headers=headers)
            assert (response.status_code, response.data) == (304, b"")
            for name in ("ETag", "Cache-Control", "Link", "X-Total-Count"):
                assert response.headers.get(name) == whole.headers.get(name)
        for headers, status in (
            ({"If-None-Match": '"other"'}, 200),
            ({"If-Match": '"other"'}, 412),
            ({"If-Match": whole.headers["ETag"]}, 200),
        ):
            assert rows.client.get(path, headers=headers).status_code == status


def test_a_write_of_another_version_is_412_and_changes_nothing(rows):
    row = rows.create()
    for headers in ({"If_Match": '"other"'}, {"If_None_Match": "*"}, {"If_Match": ""}):
        for response in writes(rows, row, 1, **headers):
            assert response.status_code == 412
            assert response.content_type == "application/problem+json"
    assert rows.get().json == [row]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_of_the_version_that_is_there_succeeds_once(rows, method):
    row = rows.create()
    options = {"method": method, "headers": {"If-Match": etag(rows, row)}}
    if method != "DELETE":
        options["json"] = rows.body(1)
    statuses = [rows.client.open(rows.url(row), **options).status_code for _ in range(2)]
    assert statuses == ([204, 404] if method == "DELETE" else [200, 412])


def test_404_and_422_come_before_412(rows):
    row = rows.create()
    missing = {"id": row["id"] + 1}
    assert {r.status_code for r in writes(rows, missing, 1, If_Match='"other"')} == {404}
    headers = {"If-Match": '"other"'}
    invalid = rows.client.put(rows.url(row), json={"colour": 1}, headers=headers)
    assert invalid.status_code == 422


@pytest.mark.parametrize("path", ["", "/bulk"])
def test_a_post_to_the_list_as_it_was_is_412_and_creates_nothing(rows, path):
    def post(number, **headers):
        body = [rows.body(number)] if path else rows.body(number)
        return rows.post(body, path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    rows.target_all()
    before = etag(rows)
    assert post(0, If_Match=before, If_None_Match='"other"').status_code == 201
    for headers in (
        {"If_Match": before},
        {"If_None_Match": etag(rows)},
        {"If_None_Match": "*"},
        {"If_Match": '"other"'},
    ):
        assert post(1, **headers).status_code == 412
    assert len(rows.get().json) == 1
    assert post(1, If_Match="*").status_code == 201


@pytest.mark.parametrize("path", ["", "/bulk"])
def test_a_retry_gets_the_first_answer_and_creates_nothing(rows, path):
    def post(number):
        body = [rows.body(number), rows.minimal(number + 1)] if path else rows.body(number)
        return rows.post(body, path, headers=KEY)

    def lasting(response):
        return {k: v for k, v in response.headers.items() if k not in ("X-Request-ID", "Date")}

    first, again = post(0), post(0)
    assert (again.status_code, again.data) == (201, first.data), again.text
    assert lasting(again) == lasting(first) | {"Idempotency-Replayed": "true"}
    for row in rows.get().json:
        rows.client.delete(rows.url(row))
    assert post(0).data == first.data
    other = post(2)
    assert other.status_code == 422
    assert [error["header"] for error in other.json["errors"]] == ["Idempotency-Key"]
    assert rows.get().json == []


def test_an_error_leaves_its_key_unused(rows):
    assert rows.post({"colour": 1}, headers=KEY).status_code == 422
    assert rows.post(rows.body(), headers=KEY | {"If-Match": '"other"'}).status_code == 412
    response = rows.post(rows.body(), headers=KEY)
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response.headers


def test_a_key_counts_for_its_resource_only(rows, resources):
    assert rows.post(rows.body(), headers=KEY).status_code == 201
    for other in (rows.of(one) for one in resources if one is not rows.resource):
        response = other.post(other.minimal(), headers=KEY)
        assert "Idempotency-Replayed" not in response.headers


def test_clients_see_writes_of_a_shell(app, rows):
    """The functions in `flask shell` validate, complete and commit as requests do."""
    row = rows.create()
    tags = {etag(rows, row), etag(rows)}
    with app.app_context():
        values = rows.loaded(1)
        rows.resource.collection.update(db.session, row["id"], **values)
        tags |= {etag(rows, row), etag(rows)}
        copy = db.session.get(rows.resource.model, row["id"])
        for name, value in rows.loaded(2).items():
            setattr(copy, name, value)
        db.session.commit()
    tags |= {etag(rows, row), etag(rows)}
    assert len(tags) == 6
    assert rows.client.get(rows.url(row)).json | rows.body(2) == rows.client.get(rows.url(row)).json
