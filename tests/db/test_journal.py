"""How long the journal is kept, and which positions become invalid."""

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from flask_things.app import RESOURCES
from flask_things.db import journal, trimming
from flask_things.db.session import db
from flask_things.db.sqlite.file import sqlite3
from flask_things.db.types import utc_now
from flask_things.migrations import prepare

#: Tables that no cached response depends on.
UNWATCHED = {"journal", "kept_answer"}


@pytest.fixture
def query(app):
    """Return a function that returns the rows of a query."""

    def run(statement):
        with app.app_context():
            return [tuple(row) for row in db.session.execute(text(statement))]

    return run


@pytest.fixture
def later(app, monkeypatch):
    """Return a function that ages the journal by days. Trimming does not pause."""
    monkeypatch.setattr(trimming, "TRIM_PAUSE", timedelta(0))

    def age(days):
        at = utc_now() - timedelta(days=days)
        with app.app_context():
            db.session.execute(update(journal.Entry).values(at=at))
            db.session.commit()

    return age


@pytest.fixture
def keep_nothing(app, monkeypatch):
    """Set THINGS_KEEP_DAYS to 0."""
    monkeypatch.setitem(app.config, "THINGS_KEEP_DAYS", 0)


def test_a_new_database_has_an_entry(query):
    assert query("SELECT table_name, row_id, change FROM journal") == [(None, None, "started")]


def test_every_table_that_answers_depend_on_writes_the_journal():
    written = {
        name
        for name, table in db.metadata.tables.items()
        if any(one.name == f"{name}_journal" for one in table.info.get("objects", ()))
    }
    assert written == db.metadata.tables.keys() - UNWATCHED
    assert {one.table.name for one in RESOURCES} < written


def test_a_new_token_is_an_entry_without_a_row(runner, query):
    assert runner.invoke(args=["tokens", "create", "laptop"]).exit_code == 0
    assert query("SELECT table_name, row_id FROM journal")[1:] == [("token", None)]


def test_writes_remove_old_entries_in_small_steps(client, query, later):
    client.post("/things/bulk", json=[{"text": "x"}] * 100)
    later(days=31)
    counts = []
    for _ in range(5):
        client.post("/things", json={"text": "y"})
        counts += [count for (count,) in query("SELECT count(*) FROM journal")]
    old = [101 - 10, 101 - 30, 101 - 70, 1, 1]
    assert counts == [count + new for new, count in enumerate(old, 1)]


def test_the_last_old_entry_stays_for_clients_at_it(client, query, later):
    client.post("/things/bulk", json=[{"text": "x"}] * 2)
    later(days=31)
    client.post("/things", json={"text": "y"})
    assert query("SELECT position FROM journal ORDER BY position") == [(3,), (4,)]


def test_recent_entries_stay(client, query, later):
    client.post("/things", json={"text": "x"})
    later(days=29)
    client.post("/things", json={"text": "y"})
    assert query("SELECT count(*) FROM journal") == [(3,)]


def test_with_0_days_a_write_leaves_no_old_text(keep_nothing, client, query):
    for path in ("/things/1", "/things/2"):
        client.post("/things", json={"text": "old"})
        client.put(path, json={"text": "new"})
    client.delete("/things/1")
    assert query("SELECT count(*), count(before) FROM journal") == [(6, 0)]


def test_with_0_days_entries_are_kept_for_a_day(keep_nothing, client, query, later):
    client.post("/things/bulk", json=[{"text": "x"}] * 2)
    later(days=0.9)
    client.post("/things", json={"text": "y"})
    assert query("SELECT count(*) FROM journal") == [(4,)]


def test_a_restored_backup_starts_the_journal_again(saved, restore, query, client):
    client.post("/things", json={"text": "after the backup"})
    [(newest,)] = query("SELECT max(position) FROM journal")
    restore("--force")
    [(position,)] = query("SELECT max(position) FROM journal WHERE change = 'started'")
    assert position > newest


def test_a_backup_in_the_place_of_no_database_starts_it_again(saved, restore, file):
    for path in file.parent.iterdir():
        path.unlink()
    restore()
    with closing(sqlite3.connect(file)) as connection:
        entries = connection.execute("SELECT change FROM journal ORDER BY position DESC").fetchall()
    assert entries[0] == ("started",)


@pytest.mark.postgresql
def test_the_dump_of_another_server_starts_it_again(app, client, query):
    client.post("/things", json={"text": "x"})
    with app.app_context():
        db.session.execute(text("UPDATE journal SET transaction_id = 1000000000000"))
        db.session.commit()
    prepare(app)
    entries = query("SELECT change, transaction_id > 0 FROM journal ORDER BY position")
    assert entries == [("started", False), ("created", False), ("started", True)]


@pytest.mark.postgresql
def test_a_start_does_not_change_a_journal_of_this_server(app, client, query):
    client.post("/things", json={"text": "x"})
    prepare(app)
    assert query("SELECT count(*) FROM journal WHERE change = 'started'") == [(1,)]


@pytest.mark.postgresql
def test_a_user_with_rights_on_things_only_is_recorded(app, client, query, connection):
    connection.execute("DROP ROLE IF EXISTS writer")
    connection.execute("CREATE ROLE writer")
    connection.execute("GRANT ALL ON thing, thing_id_seq TO writer")
    connection.execute("SET ROLE writer")
    connection.execute("INSERT INTO thing (text) VALUES ('x')")
    connection.execute("RESET ROLE")
    connection.commit()
    assert query("SELECT count(*) FROM journal") == [(2,)]
