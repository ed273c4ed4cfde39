"""A database of the tutorial app is converted in place."""

from datetime import UTC, datetime

import pytest

from flask_things import create_app
from flask_things.db.sqlite.files import beside
from flask_things.migrations import prepare
from tests.support.server import every_thing, python

TUTORIAL = "CREATE TABLE thing (id INTEGER NOT NULL, text VARCHAR NOT NULL, PRIMARY KEY (id))"

#: Changes every row, partly in the file, and dies before the commit.
CRASH = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA cache_size = 1")
connection.execute("UPDATE thing SET text = 'lost'")
os._exit(0)
"""

pytestmark = pytest.mark.sqlite


@pytest.fixture
def leave(connection):
    """Return a function that creates a database as the tutorial app would leave it."""

    def leave(rows):
        connection.execute(TUTORIAL)
        connection.executemany("INSERT INTO thing VALUES (?, ?)", rows)
        connection.commit()

    return leave


@pytest.fixture
def tutorial(leave):
    """Create 10 000 rows with gaps in their ids, some of them beyond our limits."""
    rows = [(n * 3, f"thing {n} äöü 🍏\n") for n in range(1, 10_001)]
    rows += [(40_000, ""), (40_007, "a\x00b"), (50_000, "x" * 150_000)]
    leave(rows)
    return rows


def test_a_tutorial_database_keeps_every_id_and_text(tutorial, client):
    things = every_thing(client)
    assert [(thing["id"], thing["text"]) for thing in things] == tutorial


def test_a_tutorial_thing_is_found_up_to_a_character_that_is_refused_today(leave, request):
    """FTS5 indexes a text up to its first U+0000."""
    leave([(1, "ABC def\x00ghi")])
    found = request.getfixturevalue("client").get("/things?q=abc d").json
    assert [thing["text"] for thing in found] == ["ABC def\x00ghi"]


def test_a_tutorial_thing_is_found_and_sorted(tutorial, client):
    found = client.get("/things?q=THING 77 ÄÖ").json
    assert [thing["id"] for thing in found] == [77 * 3]
    assert client.get("/things?sort=-text").json[0]["id"] == 50_000


def test_a_tutorial_thing_is_as_old_as_its_takeover(tutorial, client):
    thing = client.get("/things/3").json
    age = datetime.now(UTC) - datetime.fromisoformat(thing["created_at"])
    assert thing["created_at"] == thing["updated_at"]
    assert 0 <= age.total_seconds() < 60


def test_the_next_id_is_above_the_tutorial_s_highest(tutorial, client):
    client.delete("/things/50000")
    assert client.post("/things", json={"text": ""}).json["id"] == 50_001


def test_a_tutorial_database_without_rows_is_converted(leave, request):
    leave([])
    client = request.getfixturevalue("client")
    assert client.post("/things", json={"text": ""}).json["id"] == 1


def test_the_highest_possible_id_is_converted(leave, request):
    leave([(2**63 - 1, "last")])
    client = request.getfixturevalue("client")
    assert client.get(f"/things/{2**63 - 1}").json["text"] == "last"
    problem = client.post("/things", json={"text": ""})
    assert (problem.status_code, problem.json["detail"][:13]) == (507, "No id is left")


def test_an_id_that_the_old_table_gave_and_took_back_is_not_reused(connection, request):
    connection.execute(
        "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, text VARCHAR NOT NULL)"
    )
    connection.execute("INSERT INTO thing VALUES (5, 'stays'), (500, 'goes')")
    connection.execute("DELETE FROM thing WHERE id = 500")
    connection.commit()
    client = request.getfixturevalue("client")
    assert client.post("/things", json={"text": ""}).json["id"] == 501


def test_an_index_on_the_old_table_is_no_obstacle(leave, connection, request):
    leave([(1, "x")])
    connection.execute("CREATE INDEX ix_thing_id ON thing (id)")
    assert request.getfixturevalue("client").get("/things/1").json["text"] == "x"


@pytest.mark.parametrize(
    "rule",
    [
        "CREATE UNIQUE INDEX rule ON thing (text)",
        "CREATE TRIGGER rule AFTER DELETE ON thing BEGIN SELECT 1; END",
        "CREATE VIEW rule AS SELECT * FROM thing",
    ],
)
def test_a_table_with_its_own_rules_is_unchanged(leave, connection, environ, rule):
    leave([(1, "x")])
    connection.execute(rule)
    with pytest.raises(RuntimeError, match="rule"):
        prepare(create_app(environ))
    assert connection.execute("SELECT * FROM thing").fetchall() == [(1, "x")]
    assert connection.execute("SELECT sql FROM sqlite_master WHERE name = 'rule'").fetchone()


def test_a_foreign_table_thing_is_unchanged(connection, environ):
    connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT)")
    with pytest.raises(RuntimeError, match=r"thing\(id, name\).*THINGS_DATABASE_URL"):
        prepare(create_app(environ))
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("thing",)]


def test_a_takeover_that_fails_half_way_changes_nothing(connection, environ, tutorial):
    connection.execute("CREATE TABLE new_thing (in_the_way)")
    with pytest.raises(RuntimeError, match="new_thing already exists"):
        prepare(create_app(environ))
    columns = [row[1] for row in connection.execute("PRAGMA table_info(thing)")]
    assert columns == ["id", "text"]
    assert connection.execute("SELECT * FROM thing").fetchall() == tutorial


def test_a_write_that_the_tutorial_app_died_in_is_rolled_back(leave, connection, file, request):
    leave([(n, "kept") for n in range(1, 5000)])
    connection.close()
    python(file.parent, "-c", CRASH, file)
    assert beside(file, "-journal").stat().st_size
    client = request.getfixturevalue("client")
    assert {thing["text"] for thing in every_thing(client)} == {"kept"}
