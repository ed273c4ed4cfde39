"""Upgrades of older schemas repair rows that cannot be served."""

import pytest

from flask_things import create_app
from flask_things.db.session import db
from flask_things.migrations import prepare
from tests.support.older import TIME, insert
from tests.support.server import every_thing


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("stored", "served"),
    [
        ("1764140000", "2025-11-26T06:53:20.000000Z"),
        ("1764140000.25", "2025-11-26T06:53:20.250000Z"),
        ("1764140000250", "2025-11-26T06:53:20.250000Z"),
        ("-1", "1969-12-31T23:59:59.000000Z"),
        ("'2026-11-22'", "2026-11-22T00:00:00.000000Z"),
        ("'2026-11-22 15:04:05'", "2026-11-22T15:04:05.000000Z"),
        ("'2026-11-22T15:04:05.5Z'", "2026-11-22T15:04:05.500000Z"),
        ("'2026-11-22 15:04:05+02:00'", "2026-11-22T13:04:05.000000Z"),
        ("CAST('2026-11-22 15:04:05' AS BLOB)", "2026-11-22T15:04:05.000000Z"),
    ],
)
def test_a_time_in_another_format_is_read(older, upgraded, stored, served):
    insert(older, created_at=stored, updated_at=stored)
    [thing] = upgraded().get("/things").json
    assert (thing["created_at"], thing["updated_at"]) == (served, served)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "stored", ["'soon'", "''", "x'ff'", "'2026-02-30 00:00:00'", "'0000-01-01'", "9e99"]
)
def test_an_invalid_time_becomes_the_other_time_of_the_thing(older, upgraded, stored):
    insert(older, created_at=stored)
    insert(older, updated_at=stored)
    things = upgraded().get("/things").json
    served = TIME.replace(" ", "T") + "Z"
    assert {t[name] for t in things for name in ("created_at", "updated_at")} == {served}


@pytest.mark.sqlite
def test_without_any_time_a_thing_is_as_old_as_the_upgrade(older, upgraded):
    insert(older, created_at="'soon'", updated_at="'later'")
    client = upgraded()
    [thing] = client.get("/things").json
    assert thing["created_at"] == thing["updated_at"]
    assert thing["updated_at"] <= client.post("/things", json={"text": "x"}).json["created_at"]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("stored", "served"),
    [
        ("x'c384'", "Ä"),
        ("x'4142ff'", "AB\ufffd"),
        ("CAST(x'41ff42' AS TEXT)", "A\ufffdB"),
        ("CAST(x'eda080' AS TEXT)", "\ufffd\ufffd\ufffd"),
    ],
)
def test_a_blob_in_a_text_column_is_read_as_utf_8(older, upgraded, stored, served):
    insert(older, text=stored)
    client = upgraded()
    assert [thing["text"] for thing in client.get("/things").json] == [served]
    assert [thing["text"] for thing in client.get("/things", query_string={"q": served}).json] == [
        served
    ]


@pytest.mark.sqlite
def test_rows_beyond_a_limit_are_kept_and_served(older, upgraded):
    insert(older, text="printf('%.*c', 150000, 'x')")
    insert(older, text="'a' || char(0) || 'b'")
    insert(older, id="0")
    insert(older, id="-5")
    client = upgraded()
    things = {thing["id"]: thing["text"] for thing in every_thing(client)}
    assert things == {1: "x" * 150_000, 2: "a\0b", 0: "x", -5: "x"}
    older.execute("UPDATE thing SET text = 'y' WHERE id = -5")
    older.execute("UPDATE thing SET created_at = '2001-01-01 00:00:00' WHERE id = 1")
    older.commit()
    assert client.put("/things/1", json={"text": "y"}).status_code == 200


@pytest.mark.sqlite
def test_tokens_and_answers_that_cannot_be_read_are_removed_and_others_kept(older, upgraded):
    new = "INSERT INTO token VALUES (?, ?, zeroblob(32), 0, ?, ?)"
    for row in ((1, "good", TIME, None), (2, "soon", TIME, TIME), (3, "bad", TIME, 1764140000)):
        older.execute(new, row)
    older.execute(f"INSERT INTO token VALUES (4, 'text', 'digest', 0, '{TIME}', NULL)")
    answer = "INSERT INTO kept_answer VALUES ('POST /things', ?, x'', 201, ?, x'', ?)"
    for row in (("good", "[]", TIME), ("headers", "[", TIME), ("time", "[]", 1764140000)):
        older.execute(answer, row)
    upgraded()
    assert older.execute("SELECT id FROM token").fetchall() == [(1,), (2,)]
    assert older.execute("SELECT key FROM kept_answer").fetchall() == [("good",)]


@pytest.mark.sqlite
@pytest.mark.parametrize("text", ["x'c384'", "x'ff'", "CAST(x'ff' AS TEXT)"])
def test_a_tutorial_database_with_a_blob_is_converted(connection, environ, request, text):
    connection.execute(
        "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, text VARCHAR NOT NULL)"
    )
    connection.execute(f"INSERT INTO thing VALUES (1, {text}), (2, 'x')")
    connection.commit()
    client = request.getfixturevalue("client")
    assert [thing["text"] for thing in client.get("/things").json] == [
        "Ä" if "c384" in text else "\ufffd",
        "x",
    ]


@pytest.mark.postgresql
def test_a_time_that_python_has_not_becomes_the_nearest_one(postgres, request):
    """An upgrade from 0003 on PostgreSQL."""
    postgres.execute("CREATE DATABASE older")
    request.addfinalizer(lambda: postgres.execute("DROP DATABASE older WITH (FORCE)"))
    environ = {"THINGS_DATABASE_URL": postgres.url("older")}
    app = create_app(environ)
    assert app.test_cli_runner().invoke(args=["db", "upgrade", "0003"]).exit_code == 0
    insert = "INSERT INTO thing (text, created_at, updated_at) VALUES"
    postgres.execute(f"{insert} ('x', '-infinity', 'infinity'), ('y', '{TIME}', '{TIME}')", "older")
    new = "INSERT INTO token (name, digest, read_only, created_at, expires_at) VALUES"
    for name, end in (("good", "NULL"), ("soon", f"'{TIME}'"), ("bad", "'infinity'")):
        postgres.execute(f"{new} ('{name}', '', false, '{TIME}', {end})", "older")
    prepare(app)
    first, second = app.test_client().get("/things").json
    with app.app_context():
        db.engine.dispose()
    assert first["created_at"] == "0001-01-01T00:00:00.000000Z"
    assert first["updated_at"] == "9999-12-31T23:59:59.999999Z"
    assert second["created_at"] == second["updated_at"] == TIME.replace(" ", "T") + "Z"
    assert postgres.execute("SELECT name FROM token", "older") == [("good",), ("soon",)]
