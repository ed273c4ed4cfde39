"""The versions of the rows of every resource."""

import pytest
from sqlalchemy import delete

from flask_things.db.journal import Entry
from flask_things.db.session import db
from tests.contract.test_trash import grow_old
from tests.support.server import next_page


@pytest.fixture
def forget(app):
    """Return a function that removes journal entries about rows."""

    def remove(*conditions):
        with app.app_context():
            db.session.execute(delete(Entry).where(Entry.row_id.is_not(None), *conditions))
            db.session.commit()

    return remove


def versions(rows, row, query=""):
    """Return the changes of a row, each with the row after it."""
    response = rows.get(f"/{row['id']}/versions{query}")
    assert response.status_code == 200, response.text
    return [(one["change"], one[rows.table.name]) for one in response.json]


def changed(rows, row, number):
    """Change a row and return it."""
    return rows.client.put(rows.url(row), json=rows.body(number)).json


def test_versions_show_the_row_after_each_change(rows):
    first = rows.create()
    second, third = changed(rows, first, 1), changed(rows, first, 2)
    known = [("updated", third), ("updated", second), ("created", first)]
    assert versions(rows, first) == known
    rows.client.delete(rows.url(first))
    known.insert(0, ("deleted", None))
    assert versions(rows, first) == known
    known.insert(0, ("restored", rows.client.post(f"{rows.url(first)}/restore").json))
    assert versions(rows, first) == known
    times = [one["at"] for one in rows.get(f"/{first['id']}/versions").json]
    assert times == sorted(times, reverse=True)


def test_an_old_version_can_be_put_back(rows):
    first = rows.create()
    changed(rows, first, 1)
    [_, (_, old)] = versions(rows, first)
    put = rows.client.put(rows.url(first), json=old)
    assert put.json == first | {"updated_at": put.json["updated_at"]}


def test_versions_come_in_pages(rows):
    row = rows.create()
    for number in range(1, 5):
        changed(rows, row, number)
    rows.client.delete(rows.url(row))
    whole, met = rows.get(f"/{row['id']}/versions").json, []
    path = f"{rows.url(row)}/versions?limit=2"
    while path:
        page = rows.client.get(path)
        assert len(page.json) == 2
        met += page.json
        path = next_page(page.headers)
    assert met == whole
    assert len(met) == 6


@pytest.mark.parametrize("limit", [1, 2])
def test_a_change_between_two_pages_moves_nothing(rows, limit):
    row = rows.create()
    for number in range(1, 4):
        changed(rows, row, number)
    whole = versions(rows, row)
    path = next_page(rows.get(f"/{row['id']}/versions?limit={limit}").headers)
    changed(rows, row, 5)
    rest = rows.client.get(path.replace(f"limit={limit}", "limit=9"))
    assert [(one["change"], one[rows.table.name]) for one in rest.json] == whole[limit:]
    assert next_page(rest.headers) is None


def test_a_row_older_than_the_journal_has_its_current_version(rows, forget):
    first, second = rows.create(0), rows.create(1)
    second = changed(rows, second, 2)
    forget()
    assert versions(rows, first) == [("created", first)]
    assert versions(rows, second) == [("updated", second)]
    [one] = rows.get(f"/{second['id']}/versions").json
    assert one["at"] == second["updated_at"]


def test_remaining_entries_are_used_when_older_ones_are_gone(rows, forget):
    first = rows.create()
    second, third = changed(rows, first, 1), changed(rows, first, 2)
    forget(Entry.change == "created")
    known = [("updated", third), ("updated", second), ("created", first)]
    assert versions(rows, first) == known
    with_times = rows.get(f"/{first['id']}/versions").json
    assert with_times[-1]["at"] == first["updated_at"]
    rows.client.delete(rows.url(first))
    forget(Entry.change == "updated")
    assert versions(rows, first) == [("deleted", None), ("updated", third)]


def test_versions_of_other_rows_are_not_among_them(rows, resources):
    row, other = rows.create(0), rows.create(1)
    changed(rows, other, 2)
    assert versions(rows, row) == [("created", row)]


def test_head_has_the_fields_and_no_body(rows):
    row = rows.create()
    changed(rows, row, 1)
    path = f"{rows.url(row)}/versions?limit=1"
    whole, head = rows.client.get(path), rows.client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Link", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


def test_expired_versions_are_not_listed(app, rows):
    row = rows.create()
    present = changed(rows, row, 1)
    grow_old(app, app.config["THINGS_KEEP_DAYS"] + 1)
    assert versions(rows, row) == [("updated", present)]
    newest = changed(rows, row, 2)
    assert versions(rows, row) == [("updated", newest), ("updated", present)]
