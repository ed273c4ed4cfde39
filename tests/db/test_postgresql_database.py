"""PostgreSQL: encodings, users, ids and indexes."""

import psycopg
import pytest
from sqlalchemy import event

from flask_things import create_app
from flask_things.db.ids import ID_MAX
from flask_things.db.session import db
from flask_things.migrations import prepare
from tests.support.server import next_page

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_text_is_refused(postgres, encoding):
    postgres.execute(
        f"CREATE DATABASE {encoding} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    )
    app = create_app({"THINGS_DATABASE_URL": postgres.url(encoding.lower())})
    with pytest.raises(RuntimeError, match=rf"{encoding}.*UTF8"):
        prepare(app)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_the_environments_encoding_does_not_matter(client, postgres, monkeypatch, encoding):
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    assert client.post("/things", json={"text": "日本"}).status_code == 201
    assert [thing["text"] for thing in client.get("/things?q=日").json] == ["日本"]


def test_a_foreign_table_is_unchanged(postgres, empty):
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE thing (id integer, text varchar)")
    with pytest.raises(RuntimeError, match="neither ours"):
        prepare(create_app({"THINGS_DATABASE_URL": empty}))


def test_a_write_of_a_read_only_user_is_503(client, environ, connection):
    client.post("/things", json={"text": "x"})
    connection.execute("CREATE ROLE reader LOGIN")
    connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    connection.commit()
    url = environ["THINGS_DATABASE_URL"].replace("postgres@", "reader@")
    reader = create_app({"THINGS_DATABASE_URL": url})
    statuses = [
        reader.test_client().get("/things/1").status_code,
        reader.test_client().post("/things", json={"text": "x"}).status_code,
    ]
    with reader.app_context():
        db.engine.dispose()
    connection.execute("DROP OWNED BY reader")
    connection.execute("DROP ROLE reader")
    connection.commit()
    assert statuses == [200, 503]


def test_ids_above_32_bits_are_served(client, connection):
    connection.execute(f"ALTER SEQUENCE thing_id_seq RESTART WITH {ID_MAX}")
    connection.commit()
    assert client.post("/things", json={"text": "x"}).json["id"] == ID_MAX
    assert client.get(f"/things/{ID_MAX}").json["text"] == "x"
    assert client.post("/things", json={"text": "x"}).status_code == 507


def test_a_backup_is_left_to_postgresql_s_own_tools(app, runner, tmp_path):
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == 1
    assert "Use pg_dump" in result.stderr


def test_an_id_that_was_imported_is_not_reused(client, runner):
    moment = "2026-11-22T15:04:05.123456Z"
    line = f'{{"id":{2**40},"text":"x","created_at":"{moment}","updated_at":"{moment}"}}'
    assert runner.invoke(args=["things", "import", "-"], input=line).exit_code == 0
    assert client.post("/things", json={"text": "y"}).json["id"] == 2**40 + 1
    line = line.replace(str(2**40), "7")
    assert runner.invoke(args=["things", "import", "-"], input=line).exit_code == 0
    assert client.post("/things", json={"text": "y"}).json["id"] == 2**40 + 2


@pytest.fixture
def plans(app, connection):
    """Record PostgreSQL's plans for each query, without sequential scans."""
    plans = []

    def explain(_connection, _cursor, statement, parameters, _context, _many):
        plans.append(str(connection.execute(f"EXPLAIN {statement}", parameters).fetchall()))

    connection.execute("SET enable_seqscan = off")
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", explain)
    return plans


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("-id", "thing_pkey"),
        ("text", "thing_sort_text"),
        ("-created_at", "thing_sort_created_at"),
        ("updated_at", "thing_sort_updated_at"),
    ],
)
def test_a_second_page_is_sought_in_an_index(client, things, plans, connection, sort, index):
    connection.execute("SET enable_sort = off")
    client.get(next_page(client.get(f"/things?limit=1&sort={sort}").headers))
    assert index in plans[-1]


def test_a_search_is_answered_from_its_index(client, things, plans, connection):
    connection.execute("SET enable_indexscan = off")
    client.get("/things?q=xxx&total=true")
    assert "thing_search" in plans[-1]
