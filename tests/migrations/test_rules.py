"""Which writes of other programs a table accepts, and what the triggers change."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from flask_things.db.session import db

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression")


@pytest.fixture
def notes(declare, database):
    """Return a function that runs a statement on a table with a column of each type."""
    declare()
    database.migrate()
    database.execute("INSERT INTO note (title, created_at) VALUES ('x', '2001-02-03 04:05:06')")
    return database.execute


def served(table):
    """Return the rows as the service reads them, or raise its error."""
    with db.engine.connect() as connection:
        return [row._asdict() for row in connection.execute(sa.select(table).order_by(table.c.id))]


def insert(assignment):
    """Return a statement that inserts a row with a value and a title."""
    column, _, value = assignment.partition(" = ")
    row = {"title": "'y'", column: value}
    return f"INSERT INTO note ({', '.join(row)}) VALUES ({', '.join(row.values())})"


ALLOWED = [
    *("title = 'äöü🍏'", "title = 'x'", "body = ''", "done = (1 = 1)", "due = '0001-01-01'"),
    *("due = '2024-02-29'", "due = NULL", "price = 1", "price = NULL", "count = 0", "count = 100"),
    *("status = 'done'", "status = 'it''s 100% open'", "slug = NULL", "thing_id = NULL"),
    *("""details = '{"a": [1, null, "ä"]}'""", "starts_at = NULL"),
    *("starts_at = '0001-01-01 00:00:00'", "starts_at = '9999-12-31 23:59:59.9'"),
]


def test_valid_values_can_be_stored(notes):
    for assignment in ALLOWED:
        column = assignment.partition(" = ")[0]
        notes(insert(assignment))
        notes(f"UPDATE note SET {assignment} WHERE id = 1")
        first, *_, last = served(db.metadata.tables["note"])
        assert first[column] == last[column], assignment


REFUSED = [
    *("id = 0", "id = -5", "title = NULL", "title = ''", "count = -1", "count = 101"),
    *("due = '0000-01-01'", "due = '2026-02-30'", "due = '10000-01-01'", "due = 'today is'"),
    *("status = 'closed'", "status = ''", "done = NULL", "details = '[]'", "details = '{'"),
    *("details = 'null'", "starts_at = '2026-02-30 00:00:00'", "starts_at = 'soon'"),
    *("created_at = 'soon'", "updated_at = NULL", "slug = ''"),
]
LONG = [("title", 201), ("body", 20_001), ("slug", 51)]
ON_POSTGRESQL = [
    *("due = 'infinity'", "starts_at = '-infinity'", "price = 'NaN'", "price = 100000000"),
    *(f"{column} = repeat('x', {length})" for column, length in LONG),
    "details = ('{\"a\": \"' || repeat('x', 10000) || '\"}')::json",
]
ON_SQLITE = [
    *("due = 20261231", "due = '2026-12-31 00:00:00'", "due = x'323032362d31322d3331'"),
    *(
        "done = 2",
        "done = 'yes'",
        "count = 1.5",
        "count = 'x'",
        "price = 1.5",
        "price = 10000000000",
    ),
    *("title = x'ff'", "title = CAST(x'ff' AS TEXT)", "title = 'a' || char(0)"),
    *("body = 'ä' || CAST(x'80' AS TEXT)", "slug = CAST(x'c080' AS TEXT)"),
    *("details = '{\"a\": \"' || CAST(x'ff' AS TEXT) || '\"}'", "details = x'7b7d'"),
    *("status = x'646f6e65'", "starts_at = 1764140000", "starts_at = '2026-11-22T15:04:05Z'"),
    *(f"{column} = printf('%.*c', {length}, 'x')" for column, length in LONG),
    "details = '{\"a\": \"' || printf('%.*c', 10000, 'x') || '\"}'",
]


def test_invalid_values_cannot_be_stored(notes):
    refuse(notes, REFUSED)


@pytest.mark.sqlite
def test_values_valid_only_on_sqlite_cannot_be_stored(notes):
    refuse(notes, ON_SQLITE)


@pytest.mark.postgresql
def test_values_valid_only_on_postgresql_cannot_be_stored(notes):
    refuse(notes, ON_POSTGRESQL)


def refuse(notes, assignments):
    """Check that no new or existing row accepts any of some values."""
    before = served(db.metadata.tables["note"])
    for assignment in assignments:
        for statement in (insert(assignment), f"UPDATE note SET {assignment}"):
            with pytest.raises(DatabaseError):
                notes(statement)
        assert served(db.metadata.tables["note"]) == before, assignment


CHANGES = [
    *(
        "title = 'y'",
        "body = 'y'",
        "done = (1 = 1)",
        "due = '2026-12-31'",
        "price = 7",
        "count = 8",
    ),
    *(
        "status = 'done'",
        "details = '{\"a\": 1}'",
        "starts_at = '2026-12-31 00:00:00'",
        "slug = 'y'",
    ),
]


def test_a_change_raises_the_revision_and_moves_updated_at(notes):
    """So that the ETag changes, and a shell detects that its row is outdated."""
    table = db.metadata.tables["note"]
    for assignment in CHANGES:
        [before] = served(table)
        notes(f"UPDATE note SET {assignment}")
        [after] = served(table)
        assert after["revision"] == before["revision"] + 1, assignment
        assert after["updated_at"] > before["updated_at"], assignment
        assert after["created_at"] == before["created_at"]


def test_a_change_of_nothing_changes_nothing(notes):
    before = served(db.metadata.tables["note"])
    notes("UPDATE note SET title = title, due = due, updated_at = updated_at")
    assert served(db.metadata.tables["note"]) == before


def test_a_reference_that_ends_is_a_change(notes):
    notes("INSERT INTO thing (text) VALUES ('x')")
    notes("UPDATE note SET thing_id = 1")
    notes("DELETE FROM thing")
    [row] = served(db.metadata.tables["note"])
    assert (row["thing_id"], row["revision"]) == (None, 3)


@pytest.mark.sqlite
def test_times_get_all_of_their_decimals(notes):
    """Times are texts, which would not sort otherwise."""
    times = "'2026-11-22 15:04:05', '2026-11-22 15:04:05.5', '2026-11-22 15:04:05'"
    notes(f"INSERT INTO note (title, starts_at, created_at, updated_at) VALUES ('x', {times})")
    notes("UPDATE note SET starts_at = '2026-11-22 15:04:06', updated_at = '2026-11-22 15:04:07'")
    rows = notes("SELECT starts_at, created_at, updated_at FROM note")
    assert {len(time) for row in rows for time in row} == {26}
    assert rows[1][2] == "2026-11-22 15:04:07.000000"


def test_a_write_of_ours_is_not_checked_again(notes):
    """It was validated before. SQLite would need as much time for this as for all the rest."""
    table = db.metadata.tables["note"]
    empty = sa.literal_column("''")  # which only the database rejects
    with db.engine.begin() as connection:
        connection.execute(sa.insert(table).values(title=empty))
        connection.execute(sa.update(table).values(title=empty))
    assert [row["revision"] for row in served(table)] == [2, 2]
