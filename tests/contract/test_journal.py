"""The journal records every change of every row by any program."""

import json

import pytest

from flask_things.db.journal import Entry
from flask_things.db.objects import quote
from flask_things.db.session import db


@pytest.fixture
def entries(app, rows):
    """Return a function that returns the resource's entries in the journal."""

    def read():
        with app.app_context():
            mine = Entry.table_name == rows.resource.table.name
            found = db.session.query(Entry).filter(mine).order_by(Entry.position)
            return [(one.change, one.row_id, one.before) for one in found]

    return read


@pytest.fixture
def text(rows):
    """Return a text column that accepts any text."""
    return next(c.name for c in rows.plain if c.name == rows.searched)


def test_a_created_row_is_one_entry(rows, entries):
    row = rows.create()
    assert entries() == [("created", row["id"], None)]


def test_an_update_records_the_previous_row(rows, entries, text):
    row = rows.create()
    assert rows.client.patch(rows.url(row), json={text: "other"}).status_code == 200
    [_, (change, row_id, before)] = entries()
    assert (change, row_id) == ("updated", row["id"])
    assert (before["id"], before[text]) == (row["id"], row[text])


def test_a_put_that_changes_nothing_is_no_entry(rows, entries):
    row = rows.create()
    assert rows.client.put(rows.url(row), json=row).status_code == 200
    assert len(entries()) == 1


def test_a_deletion_records_the_previous_row(rows, entries, text):
    row = rows.create()
    assert rows.client.delete(rows.url(row)).status_code == 204
    [_, (change, row_id, before)] = entries()
    assert (change, row_id, before[text]) == ("deleted", row["id"], row[text])


def test_another_program_s_update_is_one_entry(rows, entries, text, execute):
    row = rows.create()
    execute(f"UPDATE {quote(rows.resource.table.name)} SET {quote(text)} = 'other'")
    [_, (change, _, before)] = entries()
    assert (change, before[text]) == ("updated", row[text])


def test_another_program_s_update_of_a_time_is_one_entry(rows, entries, execute):
    rows.create()
    table = quote(rows.resource.table.name)
    execute(f"UPDATE {table} SET updated_at = '2001-01-01 00:00:00'")
    assert [change for change, *_ in entries()] == ["created", "updated"]


def test_another_program_s_insert_is_one_entry(rows, entries, execute):
    row = rows.create()
    columns = ", ".join(quote(c.name) for c in rows.columns if not c.unique)
    table = quote(rows.resource.table.name)
    execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}")
    assert [change for change, *_ in entries()] == ["created", "created"]
    assert entries()[1][1] > row["id"]


def test_another_program_s_deletion_is_an_entry_for_each_row(rows, entries, execute):
    first, second = rows.create(0), rows.create(1)
    execute(f"DELETE FROM {quote(rows.resource.table.name)}")
    deleted = [(change, row_id) for change, row_id, _ in entries()[2:]]
    assert sorted(deleted) == [("deleted", first["id"]), ("deleted", second["id"])]


@pytest.mark.postgresql
def test_truncate_is_an_entry_for_each_row(rows, entries, execute):
    row = rows.create()
    execute(f"TRUNCATE {quote(rows.resource.table.name)} CASCADE")
    assert entries()[1][:2] == ("deleted", row["id"])


def test_a_changed_id_is_a_deletion_and_a_creation(rows, entries, execute):
    row = rows.create()
    execute(f"UPDATE {quote(rows.resource.table.name)} SET id = 900")
    changes = [(change, row_id) for change, row_id, _ in entries()]
    assert changes == [("created", row["id"]), ("deleted", row["id"]), ("created", 900)]


def test_a_rolled_back_change_is_not_recorded(rows, entries):
    invalid = rows.body(1, id=1, updated_at=5, no_field=1)
    assert rows.client.post(f"{rows.path}/bulk", json=[rows.body(), invalid]).status_code == 422
    assert entries() == []


def test_the_previous_row_is_json_with_every_column(rows, entries):
    row = rows.create(3)
    rows.client.delete(rows.url(row))
    before = entries()[-1][2]
    assert before.keys() == set(rows.resource.table.c.keys())
    assert json.dumps(before)
