"""The trash of every resource: its content and its list."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from flask_things.db.journal import Entry
from flask_things.db.objects import quote
from flask_things.db.session import db
from flask_things.db.types import utc_now
from tests.support.resources import parameters
from tests.support.server import next_page
from tests.support.statements import statements


def grow_old(app, days):
    """Make all past events some days older."""
    with app.app_context():
        db.session.execute(update(Entry).values(at=utc_now() - timedelta(days=days)))
        db.session.commit()


def test_a_deleted_row_is_in_the_trash_and_nowhere_else(rows):
    row, other = rows.create(0), rows.create(1)
    rows.client.delete(rows.url(row))
    [deleted] = rows.get("/trash").json
    assert deleted == row | {"deleted_at": deleted["deleted_at"]}
    assert deleted["deleted_at"][:19] >= row["updated_at"][:19]
    assert rows.client.get(rows.url(row)).status_code == 404
    assert rows.client.delete(rows.url(row)).status_code == 404
    listed = rows.get("?total=true")
    assert (listed.json, listed.headers["X-Total-Count"]) == ([other], "1")
    assert len(rows.get(".ndjson").text.splitlines()) == 1


def test_the_most_recently_deleted_row_comes_first(rows):
    for row in (made := rows.create_many([rows.body(n) for n in range(4)])):
        rows.client.delete(rows.url(row))
    assert rows.ids("/trash") == [row["id"] for row in reversed(made)]


def test_a_walk_meets_each_row_that_stays_once(rows):
    made = rows.create_many([rows.body(n) for n in range(8)])
    *gone, last = made
    for row in gone:
        rows.client.delete(rows.url(row))
    met, path = [], "/trash?limit=2"
    while path:
        page = rows.get(path)
        met += [row["id"] for row in page.json]
        path = (next_page(page.headers) or "").removeprefix(rows.path)
        if len(met) == 2:  # one before the position, one after it, and a new one
            for row in (gone[6], gone[4]):
                assert rows.client.post(f"{rows.url(row)}/restore").status_code == 200
            rows.client.delete(rows.url(last))
    assert met == [gone[n]["id"] for n in (6, 5, 3, 2, 1, 0)]


@pytest.mark.parametrize("path", ["/trash", "/1/versions"])
def test_a_cursor_counts_for_its_list_only(rows, resources, path):
    for row in rows.create_many([rows.body(n) for n in range(2)]):
        rows.client.delete(rows.url(row))
    cursor = next_page(rows.get(f"{path}?limit=1").headers).partition("cursor=")[2]
    assert rows.get(f"{path}?limit=1&cursor={cursor}").status_code == 200
    others = [rows.of(one) for one in resources if one is not rows.resource]
    wrong = [rows.get(f"?cursor={cursor}"), rows.get(f"/2/versions?cursor={cursor}")]
    wrong += [other.get(f"{path}?cursor={cursor}") for other in others]
    for response in [*wrong, rows.get(f"{path}?cursor={cursor[:-1]}")]:
        assert parameters(response) == ["cursor"]
        assert response.json["errors"][0]["code"] == "cursor"


@pytest.mark.parametrize(
    "parameter", ["sort=id", "q=x", "total=true", "created_at_lt=x", "limit=0"]
)
def test_the_trash_has_no_other_parameters(rows, parameter):
    assert parameters(rows.get(f"/trash?{parameter}")) == [parameter.partition("=")[0]]


@pytest.mark.parametrize("path", ["/trash", "/1/versions"])
def test_an_answer_has_an_etag_and_is_never_kept_in_the_cache(app, rows, path):
    """Its content changes with time."""
    rows.client.delete(rows.url(rows.create()))
    first = rows.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    with statements(app) as seen:
        assert rows.get(path).data == first.data
    assert any("journal" in statement for statement in seen)
    again = rows.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert rows.get(path, headers={"If-Match": '"other"'}).status_code == 412


def test_rows_deleted_by_another_program_are_in_the_trash(rows, execute):
    made = rows.create_many([rows.body(n) for n in range(3)])
    execute(f"DELETE FROM {quote(rows.table.name)}")
    assert sorted(rows.ids("/trash")) == [row["id"] for row in made]
    for row in made:
        restored = rows.client.post(f"{rows.url(row)}/restore").json
        assert restored == row | {"updated_at": restored["updated_at"]}


@pytest.mark.postgresql
def test_truncated_rows_are_in_the_trash(rows, execute):
    made = rows.create_many([rows.body(n) for n in range(3)])
    execute(f"TRUNCATE {quote(rows.table.name)} CASCADE")
    assert sorted(rows.ids("/trash")) == [row["id"] for row in made]


def test_expired_rows_are_not_in_the_trash(app, rows):
    row = rows.create()
    rows.client.delete(rows.url(row))
    days = app.config["THINGS_KEEP_DAYS"]
    for age, found in ((days - 0.01, [row["id"]]), (days + 0.01, [])):
        grow_old(app, age)
        assert rows.ids("/trash") == found
        status = rows.get(f"/{row['id']}/versions").status_code
        assert status == (200 if found else 404)
    assert rows.client.post(f"{rows.url(row)}/restore").status_code == 404
    assert rows.client.delete(f"{rows.path}/trash/{row['id']}").status_code == 404


def test_with_0_days_the_trash_and_versions_are_empty(app, rows, monkeypatch):
    monkeypatch.setitem(app.config, "THINGS_KEEP_DAYS", 0)
    row, other = rows.create(0), rows.create(1)
    changed = rows.client.put(rows.url(other), json=rows.body(2)).json
    rows.client.delete(rows.url(row))
    assert rows.get("/trash").json == []
    assert rows.client.post(f"{rows.url(row)}/restore").status_code == 404
    assert rows.get(f"/{row['id']}/versions").status_code == 404
    [version] = rows.get(f"/{other['id']}/versions").json
    assert version == {
        "at": changed["updated_at"],
        "change": "updated",
        rows.table.name: changed,
    }
