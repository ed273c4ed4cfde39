"""Writes of other programs: every row that the schema accepts can be served."""

import pytest

from flask_things.db.session import db
from flask_things.security.tokens import create_token
from tests.conftest import ERRORS
from tests.support.server import every_thing
from tests.support.things import Thing


def test_an_update_may_set_updated_at_itself(client, execute):
    client.post("/things", json={"text": "x"})
    execute("UPDATE thing SET text = 'y', updated_at = '2001-02-03 04:05:06'")
    assert client.get("/things/1").json["updated_at"] == "2001-02-03T04:05:06.000000Z"


def test_an_update_raises_the_revision_by_which_a_shell_sees_it(app, execute):
    with app.app_context():
        db.session.add(Thing(text="x"))
        db.session.commit()
        thing = db.session.get(Thing, 1)
        before = thing.revision
        db.session.commit()
        execute("UPDATE thing SET text = 'y'")
        assert thing.revision == before + 1


def refuse(client, execute, assignment):
    """Check that no new or existing row accepts a value."""
    things = client.post("/things/bulk", json=[{"text": "x"}, {"text": "y"}]).json
    column, _, value = assignment.partition(" = ")
    row = {"text": "'x'", column: value}
    with pytest.raises(ERRORS):
        execute(f"INSERT INTO thing ({', '.join(row)}) VALUES ({', '.join(row.values())})")
    with pytest.raises(ERRORS):
        execute(f"UPDATE thing SET {assignment} WHERE id = 2")
    assert client.get("/things").json == things
    assert client.get("/readyz").status_code == 200


UNSERVABLE = [
    "text = NULL",
    "id = 0",
    "id = -1",
    "created_at = NULL",
    "created_at = 'soon'",
    "created_at = ''",
    "created_at = '10000-01-01 00:00:00'",
    "updated_at = '2026-02-30 00:00:00'",
    "updated_at = '2026-13-01 00:00:00'",
    "updated_at = '2026-11-22 24:00:01'",
]


@pytest.mark.parametrize("assignment", UNSERVABLE)
def test_invalid_values_cannot_be_stored(client, execute, assignment):
    refuse(client, execute, assignment)


UNSERVABLE_ON_SQLITE = [
    "created_at = 1764140000",
    "updated_at = 1764140000.5",
    "created_at = '0000-01-01 00:00:00'",
    "created_at = '2026-11-22 24:00:00'",
    "created_at = '2026-11-22'",
    "created_at = '12:00'",
    "created_at = 'now'",
    "created_at = '2026-11-22T15:04:05.123456Z'",
    "created_at = '2026-11-22 15:04:05+02:00'",
    "created_at = '2026-11-22 15:04:05.'",
    "created_at = '2026-11-22 15:04:05.1234567'",
    "created_at = '2026-11-22 15:04:05' || char(0)",
    "created_at = '2026-11-22 15:04:05.123456' || char(0)",
    "created_at = CAST('2026-11-22 15:04:05' AS BLOB)",
    "text = x'616263'",
    "text = 'a' || char(0)",
    "text = printf('%.*c', 100001, 'x')",
    "text = CAST(x'ff' AS TEXT)",
    "text = CAST(x'eda080' AS TEXT)",  # a lone surrogate
    "text = CAST(x'f4908080' AS TEXT)",  # above U+10FFFF
    "text = CAST(x'c080' AS TEXT)",  # overlong
    "text = CAST(x'e282' AS TEXT)",  # cut off
    "text = CAST(x'c3a4a4' AS TEXT)",
    "text = 'ä' || CAST(x'80' AS TEXT)",
    "text = printf('%.*c', 999, 'x') || CAST(x'ff' AS TEXT)",
]


@pytest.mark.sqlite
@pytest.mark.parametrize("assignment", UNSERVABLE_ON_SQLITE)
def test_values_valid_only_on_sqlite_cannot_be_stored(client, execute, assignment):
    refuse(client, execute, assignment)


UNSERVABLE_ON_POSTGRESQL = [
    "created_at = 'infinity'",
    "updated_at = '-infinity'",
    "updated_at = '0001-12-31 BC'",
    "text = repeat('x', 100001)",
]


@pytest.mark.postgresql
@pytest.mark.parametrize("assignment", UNSERVABLE_ON_POSTGRESQL)
def test_values_valid_only_on_postgresql_cannot_be_stored(client, execute, assignment):
    refuse(client, execute, assignment)


SERVABLE = [
    ("text", "''"),
    ("text", "'' || 5"),
    ("text", "'äöü 🍏 \uffff \ufffe \ufffd \U0010ffff'"),
    ("created_at", "'0001-01-01 00:00:00'"),
    ("created_at", "'9999-12-31 23:59:59.999999'"),
    ("created_at", "'2024-02-29 23:59:59.9999'"),
    ("updated_at", "'2026-11-30 23:59:59.999999'"),
    ("updated_at", "'2026-11-22 15:04:05.1'"),
    ("id", "1"),
    ("id", "9223372036854775807"),
]


@pytest.mark.parametrize(("column", "value"), SERVABLE)
def test_valid_values_can_be_stored(client, execute, column, value):
    row = {"text": "'x'", column: value}
    execute(f"INSERT INTO thing ({', '.join(row)}) VALUES ({', '.join(row.values())})")
    execute("INSERT INTO thing (id, text) VALUES (7, 'x')")
    execute(f"UPDATE thing SET {column} = {value} WHERE id = 7 AND '{column}' <> 'id'")
    first = client.get("/things").json[0]
    assert first[column] or value == "''"
    assert client.get(f"/things/{first['id']}").json == first


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "updated_at", "-updated_at"])
def test_times_are_sorted_however_many_decimals_another_program_writes(client, execute, sort):
    """On SQLite times are texts, and a cursor has all six decimals."""
    for decimals in ("", ".5", ".50", ".500000", ".25", ""):
        time = f"'2026-11-22 15:04:05{decimals}'"
        execute(f"INSERT INTO thing (text, created_at) VALUES ('x', {time})")
        execute(f"UPDATE thing SET updated_at = {time} WHERE updated_at <> created_at")
    things = every_thing(client, f"/things?limit=1&sort={sort}")
    name = sort.lstrip("-")
    key = [(thing[name], thing["id"]) for thing in things]
    assert key == sorted(key, reverse=sort.startswith("-"))
    assert len(key) == 6
    assert key[0][0] == f"2026-11-22T15:04:05.{'500000' if sort.startswith('-') else '000000'}Z"


BAD_TOKENS = [
    "digest = 'text'",
    "digest = x'00'",
    "name = x'616263'",
    "read_only = 'no'",
    "read_only = 2",
    "created_at = 1764140000",
    "expires_at = 1764140000",
    "expires_at = 'never'",
]


@pytest.mark.sqlite
@pytest.mark.parametrize("assignment", BAD_TOKENS)
def test_a_token_that_cannot_be_read_cannot_be_stored(app, execute, assignment):
    """It would cause a 500, or have more rights than intended."""
    with app.app_context():
        create_token(db.session, "phone", read_only=True, days=1)
    with pytest.raises(ERRORS):
        execute(f"UPDATE token SET {assignment}")


@pytest.mark.postgresql
@pytest.mark.parametrize("column", ["created_at", "expires_at"])
def test_a_token_without_a_time_that_python_has_cannot_be_stored(app, execute, column):
    with app.app_context():
        create_token(db.session, "phone")
    with pytest.raises(ERRORS):
        execute(f"UPDATE token SET {column} = 'infinity'")


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "assignment", ["status = 'x'", "headers = '['", "body = 'text'", "created_at = 1764140000"]
)
def test_an_answer_that_cannot_be_repeated_cannot_be_stored(client, execute, assignment):
    client.post("/things", json={"text": "x"}, headers={"Idempotency-Key": "a"})
    with pytest.raises(ERRORS):
        execute(f"UPDATE kept_answer SET {assignment}")
