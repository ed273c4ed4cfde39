"""The trash and versions of things. tests/contract tests those of all resources."""

import json
from contextlib import closing

import pytest
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.app import RESOURCES
from flask_things.db.session import db
from flask_things.db.sqlite.file import sqlite3
from flask_things.resource import Record, Resource
from flask_things.resource import page as page_module
from flask_things.resource.history import trash, versions
from tests.support.samples import create_table
from tests.support.server import next_page
from tests.support.things import THINGS


class Node(Record):
    """A node of a tree."""

    metadata = MetaData()  # so that migrations do not know it

    parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))


def walk(client, path):
    """Yield each page of a list."""
    while path:
        page = client.get(path)
        assert page.status_code == 200, page.text
        yield page
        path = next_page(page.headers)


def test_the_trash_ends_a_page_before_8_mb(client):
    texts = [f"{number} {'🍏' * 99_990}" for number in range(25)]
    for start in (0, 12):
        client.post("/things/bulk", json=[{"text": text} for text in texts[start : start + 12]])
    ids = [thing["id"] for thing in client.get("/things").json]
    ids += [one["id"] for page in walk(client, "/things?limit=5") for one in page.json]
    for thing_id in sorted(set(ids)):
        client.delete(f"/things/{thing_id}")
    pages = list(walk(client, "/things/trash?limit=1000"))
    assert [len(page.data) > 7_000_000 for page in pages] == [True, False]
    assert all(len(page.data) <= 8_000_000 for page in pages)
    met = [thing["id"] for page in pages for thing in page.json]
    assert met == sorted(set(ids), reverse=True)


def test_versions_end_a_page_before_8_mb(client):
    client.post("/things", json={"text": "first"})
    for number in range(24):
        client.put("/things/1", json={"text": f"{number} {'🍏' * 99_990}"})
    pages = list(walk(client, "/things/1/versions?limit=1000"))
    assert [len(page.data) > 7_000_000 for page in pages] == [True, False]
    assert all(len(page.data) <= 8_000_000 for page in pages)
    texts = [one["thing"]["text"].partition(" ")[0] for page in pages for one in page.json]
    assert texts == [*(str(number) for number in reversed(range(24))), "first"]


@pytest.mark.parametrize("path", ["/things/trash", "/things/1/versions"])
def test_a_row_larger_than_a_page_is_alone_on_it(client, monkeypatch, path):
    client.post("/things/bulk", json=[{"text": "x" * 2000}] * 3)
    for number in range(2):
        client.put("/things/1", json={"text": f"{number}" * 2000})
    for thing_id in (1, 2, 3):
        client.delete(f"/things/{thing_id}")
    monkeypatch.setattr(page_module, "PAGE_MAX_BYTES", 1000)
    pages = list(walk(client, path))
    assert sum(len(page.json) for page in pages) == (3 if "trash" in path else 4)
    assert max(len(page.data) for page in pages) < 4000


@pytest.mark.postgresql
@pytest.mark.parametrize("path", ["/things/trash", "/things/1/versions"])
def test_postgresql_sends_no_more_than_a_page(client, monkeypatch, path):
    """The client holds all of it in memory before reading the first row."""
    client.post("/things/bulk", json=[{"text": "x" * 400}] * 9)
    for number in range(9):
        client.put("/things/1", json={"text": f"{number}" * 400})
    for thing_id in range(1, 10):
        client.delete(f"/things/{thing_id}")
    sent = []

    def read(result, write, limit):
        sent.extend(result.all())
        return page_module.Page(sent, [*map(write, sent)], has_next=False)

    for module in (trash, versions):
        monkeypatch.setattr(module, "PAGE_MAX_BYTES", 1000)
        monkeypatch.setattr(module, "read_page", read)
    assert client.get(path).status_code == 200
    assert len(sent) == (3 if "trash" in path else 4)  # one of the versions has no row


@pytest.mark.sqlite
def test_a_row_of_the_tutorial_that_breaks_a_limit_is_kept_and_not_restored(client, execute):
    execute("INSERT INTO thing (text, revision) VALUES ('a' || char(0) || 'b', 1)")
    client.delete("/things/1")
    assert [thing["text"] for thing in client.get("/things/trash").json] == ["a\0b"]
    response = client.post("/things/1/restore")
    [error] = response.json["errors"]
    assert (response.status_code, error["code"], error["pointer"]) == (
        *(422, "not_storable"),
        "#/text",
    )
    assert len(client.get("/things/trash").json) == 1


def test_a_row_that_refers_to_itself_is_restored(app):
    nodes = Resource("nodes", Node, example={})
    with app.app_context():
        create_table(db.engine, nodes)
        row_id = nodes.collection.create(db.session).id
        nodes.collection.update(db.session, row_id, parent_id=row_id)
        nodes.collection.delete(db.session, row_id)
        assert nodes.trash.restore(db.session, row_id).parent_id == row_id


def test_the_row_with_the_highest_id_is_restored(client, execute):
    """No import accepts its id."""
    execute(f"INSERT INTO thing (id, text) VALUES ({2**63 - 1}, 'last')")
    path = f"/things/{2**63 - 1}"
    assert client.delete(path).status_code == 204
    assert client.post(f"{path}/restore").json["text"] == "last"


def test_an_import_of_a_row_in_the_trash_creates_it(client, runner):
    client.post("/things", json={"text": "exported"})
    line = client.get("/things.ndjson").data
    client.delete("/things/1")
    result = runner.invoke(args=["things", "import", "-"], input=line)
    assert result.exit_code == 0, result.stderr
    assert client.get("/things/trash").json == []
    assert client.get("/things/1").json == json.loads(line)
    changes = [one["change"] for one in client.get("/things/1/versions").json]
    assert changes == ["created", "deleted", "created"]


def test_a_restored_backup_has_its_trash(client, saved, restore):
    client.post("/things/3/restore")
    client.delete("/things/1")
    restore("--force")
    assert [thing["id"] for thing in client.get("/things/trash").json] == [5, 3]
    assert client.post("/things/3/restore").json["text"] == "gone"
    assert [thing["id"] for thing in client.get("/things").json] == [1, 2, 3, 4]


@pytest.mark.sqlite
def test_an_erased_text_is_nowhere_in_the_file(app, client, file):
    """The search index forgets its trigrams when its parts are merged."""
    secret = "".join(f"{number:x}q" for number in range(9_000))  # spread over several pages, too
    client.post("/things/bulk", json=[{"text": f"other {number}"} for number in range(50)])
    thing = client.post("/things", json={"text": secret}).json
    client.put(f"/things/{thing['id']}", json={"text": secret[:50] + "zxy0"})
    client.delete(f"/things/{thing['id']}")
    assert client.delete(f"/things/trash/{thing['id']}").status_code == 204
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("INSERT INTO thing_search (thing_search) VALUES ('optimize')")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = file.read_bytes()
    assert b"other 7" in held
    for part in (secret[:50], secret[9_000:9_050], secret[-50:], "zxy0", "zxy"):
        assert part.encode() not in held


@pytest.mark.sqlite
def test_an_index_answers_each_query(app, client, monkeypatch):
    assert THINGS in RESOURCES
    client.delete(f"/things/{client.post('/things', json={'text': 'x'}).json['id']}")
    plans = []
    with app.app_context():
        engine = db.engine
    original = engine.dialect.do_execute

    def explain(cursor, statement, parameters, context=None):
        if statement.startswith("SELECT") and "journal" in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in cursor.fetchall())
        original(cursor, statement, parameters, context)

    monkeypatch.setattr(engine.dialect, "do_execute", explain)
    # Once a minute, a write also trims the journal.
    monkeypatch.setattr("flask_things.db.session.CHORES", [])
    for path in ("/things/trash", "/things/1/versions"):
        assert client.get(path).status_code == 200
    client.post("/things/1/restore")
    assert any("journal_sort_deletions" in step for step in plans)
    scans = {step for step in plans if step.startswith("SCAN")}
    assert scans == {"SCAN CONSTANT ROW", "SCAN anon_1"}
