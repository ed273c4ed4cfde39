"""Upgrades of older schemas keep rows, ids and the objects of others."""

import pytest

from flask_things.migrations import HERE
from tests.support.older import insert


@pytest.mark.sqlite
def test_an_upgrade_keeps_every_row_and_the_search_index(older, upgraded):
    for n in range(1, 300):
        insert(older, text=f"'Text {n}'", folded=f"'text {n}'", revision=str(n))
    older.execute("DELETE FROM thing WHERE id IN (7, 299)")
    columns = "id, text, created_at, updated_at, revision"
    before = older.execute(f"SELECT {columns} FROM thing").fetchall()
    client = upgraded()
    assert older.execute(f"SELECT {columns} FROM thing").fetchall() == before
    older.execute("INSERT INTO thing_search (thing_search, rank) VALUES ('integrity-check', 1)")
    older.commit()
    assert [thing["id"] for thing in client.get("/things?q=TEXT 123").json] == [123]
    assert client.post("/things", json={"text": "x"}).json["id"] == 300


@pytest.mark.sqlite
def test_an_upgrade_keeps_ids_from_being_reused_in_an_empty_table(older, upgraded):
    insert(older, id="500")
    older.execute("DELETE FROM thing")
    assert upgraded().post("/things", json={"text": "x"}).json["id"] == 501


@pytest.mark.sqlite
def test_an_upgrade_keeps_additions_of_others_to_the_table(older, upgraded):
    """A fork's column, index, trigger and view, and rows that refer to a thing."""
    insert(older)
    older.executescript(
        """
        ALTER TABLE thing ADD COLUMN "a note" TEXT DEFAULT 'n';
        CREATE INDEX ix_note ON thing ("a note");
        CREATE TABLE child (id INTEGER PRIMARY KEY,
            thing_id INTEGER REFERENCES thing (id) ON DELETE CASCADE);
        INSERT INTO child VALUES (1, 1);
        CREATE TABLE log (text TEXT);
        CREATE TRIGGER note AFTER DELETE ON thing BEGIN INSERT INTO log VALUES (old.text); END;
        CREATE VIEW notes AS SELECT "a note" FROM thing;
        """
    )
    client = upgraded()
    assert older.execute("SELECT * FROM notes, child").fetchall() == [("n", 1, 1)]
    assert older.execute("SELECT sql FROM sqlite_master WHERE name = 'ix_note'").fetchone()
    client.delete("/things/1")
    assert older.execute("SELECT * FROM log").fetchall() == [("x",)]
    assert older.execute("SELECT * FROM child").fetchall() == []


@pytest.mark.parametrize(
    "path", sorted((HERE / "versions").glob("*.py")), ids=lambda path: path.stem
)
def test_a_migration_does_not_change_with_today_s_code(path):
    assert "flask_things" not in path.read_text()
