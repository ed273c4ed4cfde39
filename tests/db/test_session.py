"""The database: created once, never dropped, and reported if it is unusable."""

import fcntl
import logging
import os
import threading

import pytest

from flask_things import create_app
from flask_things.db.session import db
from flask_things.db.sqlite.connections import log_sqlite_version, sqlite3
from flask_things.migrations import prepare
from tests.support.server import python, wait_until


def test_preparing_again_keeps_everything(app, client):
    thing = client.post("/things", json={"text": "stay"}).json
    prepare(app)
    assert client.get("/things").json == [thing]


def test_the_models_and_the_migrations_agree(runner):
    result = runner.invoke(args=["db", "check"])
    assert result.exit_code == 0, result


def test_no_downgrade_drops_things(client, runner):
    client.post("/things", json={"text": "stay"})
    assert runner.invoke(args=["db", "downgrade", "base"]).exit_code == 1
    assert len(client.get("/things").json) == 1


@pytest.mark.sqlite
def test_the_default_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepare(create_app({}))
    assert (tmp_path / "data/db.sqlite3").exists()


@pytest.mark.sqlite
def test_a_folder_that_cannot_be_created_is_reported(environ, tmp_path):
    (tmp_path / "file").touch()
    environ["THINGS_DATABASE_URL"] = f"sqlite:///{tmp_path}/file/db.sqlite3"
    with pytest.raises(RuntimeError, match=f"THINGS_DATABASE_URL.*{tmp_path}/file"):
        prepare(create_app(environ))


def test_a_file_that_is_not_a_database_is_reported_and_unchanged(environ, file):
    file.write_text("a diary, not a database" * 100)
    with pytest.raises(RuntimeError, match=r"THINGS_DATABASE_URL.*not a database"):
        prepare(create_app(environ))
    assert file.read_text() == "a diary, not a database" * 100


def test_a_file_that_cannot_be_opened_is_reported(environ, file):
    environ["THINGS_DATABASE_URL"] = f"sqlite:///{file.parent}"
    with pytest.raises(RuntimeError, match=r"THINGS_DATABASE_URL.*directory"):
        prepare(create_app(environ))


def test_a_file_that_cannot_be_written_is_reported(short_wait, file, connection, environ):
    """A lock simulates a read-only file, which root could write."""
    connection.execute("CREATE TABLE other (id)")
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(RuntimeError, match=r"THINGS_DATABASE_URL.*locked"):
        prepare(create_app(environ))


def test_a_database_of_a_newer_version_is_reported_and_unchanged(app, connection, environ):
    connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    connection.commit()
    with pytest.raises(RuntimeError, match=r"THINGS_DATABASE_URL.*newer flask-things"):
        prepare(create_app(environ))
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("newer",)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("busy_timeout", 5000),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("journal_size_limit", 64 * 1024**2),
        ("cache_size", -1000),
        ("mmap_size", 0),
    ],
)
def test_every_connection_is_tuned(app, pragma, value):
    with app.app_context():
        connection = db.session.connection()
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.sqlite
def test_durability_can_be_traded_for_speed(environ):
    app = create_app(environ | {"THINGS_SQLITE_SYNCHRONOUS": "NORMAL"})
    prepare(app)
    with app.app_context():
        assert db.session.connection().exec_driver_sql("PRAGMA synchronous").scalar() == 1


@pytest.mark.parametrize(("version", "warned"), [((3, 51, 2), True), ((3, 51, 3), False)])
def test_an_affected_sqlite_is_warned_of(monkeypatch, caplog, version, warned):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    with caplog.at_level(logging.INFO):
        log_sqlite_version(logging.getLogger("test"))
    assert f"SQLite {sqlite3.sqlite_version}" in caplog.text
    assert ("WAL-reset" in caplog.text) is warned


@pytest.mark.sqlite
def test_the_standard_library_s_sqlite_serves_where_no_wheel_exists(serve, tmp_path):
    """The module is hidden from the server, as on a machine without a wheel."""
    (tmp_path / "pysqlite3.py").write_text("raise ImportError")
    server = serve(PYTHONPATH=str(tmp_path))
    assert server.request("POST", "/things", {"text": "x"})[0] == 201
    assert "(sqlite3)" in server.log.read_text()


@pytest.mark.sqlite
@pytest.mark.parametrize("round_", range(3))
def test_eight_workers_start_on_an_empty_folder(serve, round_):
    server = serve(WEB_CONCURRENCY="8")
    wait_until(lambda: server.log.read_text().count("Booting worker") == 8)
    assert server.request("POST", "/things", {"text": "x"})[2]["id"] == 1
    log = server.log.read_text()
    assert "ERROR" not in log
    assert "Traceback" not in log


def test_servers_that_start_at_once_on_an_empty_folder_all_come_up(serve):
    """Without our lock, about one in a hundred fails because the database is locked."""
    for server in [serve(wait=False) for _ in range(4)]:
        wait_until(server.is_ready)


def test_a_start_waits_for_another_one_to_be_done(environ, file):
    """SQLite changes to WAL mode only without other connections, and does not wait for that."""
    other = os.open(f"{file}-gate", os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)
    start = threading.Thread(target=prepare, args=[create_app(environ)])
    start.start()
    start.join(0.2)
    assert start.is_alive()
    assert not file.exists()
    os.close(other)
    start.join(20)
    assert file.exists()


@pytest.mark.slow
def test_a_start_that_cannot_use_the_database_ends_with_one_line(file, tmp_path):
    file.write_text("a diary, not a database" * 100)
    start = python(tmp_path, "-m", "flask_things")
    assert start.returncode != 0
    lines = [line for line in start.stderr.splitlines() if line and "[INFO]" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("Error: THINGS_DATABASE_URL: ")


@pytest.mark.sqlite
def test_a_write_succeeds_after_another_process_has_changed_the_schema(client, connection):
    """As a replication program does when it starts."""
    assert client.get("/things").status_code == 200  # loads the schema
    connection.execute("CREATE TABLE other (a)")
    assert client.post("/things", json={"text": "x"}).status_code == 201
