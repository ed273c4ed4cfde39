"""`flask things restore`: everything comes back, nothing newer goes unasked, no id comes twice."""

import shutil
import signal
import threading
from functools import partial

import pytest

from flask_things import create_app
from flask_things.db import db, sqlite3
from flask_things.migrations import prepare
from tests.files import COMMAND, damage, files, fill, query
from tests.server import python, wait_until


@pytest.fixture
def saved(client, runner, tmp_path):
    """Return the path of a backup of three things, of ids 1, 2 and 4; the id 5 was given, too."""
    client.post("/things/bulk", json=[{"text": text} for text in ("a", "ä\r\n", "gone", "d", "e")])
    client.delete("/things/3")
    client.delete("/things/5")
    client.put("/things/1", json={"text": "A"})
    backup = tmp_path / "backup"
    assert runner.invoke(args=["things", "backup", str(backup)]).exit_code == 0
    return backup


@pytest.fixture
def restore(app, runner, tmp_path):
    """Return a function that restores the backup when nobody has the database open."""

    def restore(*options, code=0):
        with app.app_context():
            db.engine.dispose()
        result = runner.invoke(args=["things", "restore", *options, str(tmp_path / "backup")])
        assert (result.exit_code, result.stdout) == (code, ""), result.stderr
        return result.stderr

    return restore


def change(file, statement, *parameters):
    """Change the database past the application."""
    connection = sqlite3.connect(file)
    connection.execute(statement, parameters)
    connection.commit()
    connection.close()


def test_everything_comes_back_and_no_id_comes_twice(client, file, saved, restore, tmp_path):
    before = client.get("/things").json
    client.post("/things/bulk", json=[{"text": "since"}] * 10)
    client.delete("/things/15")
    client.put("/things/1", json={"text": "changed since"})
    client.delete("/things/2")
    assert restore("--force") == f"{file}: 3 things.\n"
    assert client.get("/things").json == before
    assert client.post("/things", json={"text": "new"}).json["id"] == 16
    assert [thing["id"] for thing in client.get("/things?q=ä").json] == [2]
    assert files(file.parent) <= {"db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"}


def test_an_id_that_only_the_backup_knows_is_not_given_again(client, file, saved, restore):
    change(file, "DELETE FROM thing")
    change(file, "DELETE FROM sqlite_sequence")
    restore()
    assert client.post("/things", json={"text": "new"}).json["id"] == 6


def test_what_nobody_has_changed_since_is_restored(client, saved, restore):
    before = client.get("/things").json
    restore()
    restore()
    assert client.get("/things").json == before


def test_an_older_database_is_restored(client, file, saved, restore):
    """It has not come as far as the backup: what that one deleted, changed and made is missing."""
    change(file, "UPDATE thing SET updated_at = '2001-01-01 00:00:00.000000', text = 'old'")
    change(
        file, "INSERT INTO thing SELECT 3, 'x', created_at, updated_at, 1, 'x' FROM thing LIMIT 1"
    )
    change(file, "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'thing'")
    change(file, "DELETE FROM thing WHERE id = 4")
    restore()
    assert [thing["text"] for thing in client.get("/things").json] == ["A", "ä\r\n", "d"]


@pytest.mark.parametrize(
    ("statement", "changed", "deleted"),
    [
        ("UPDATE thing SET updated_at = '2999-01-01 00:00:00.000000' WHERE id < 3", 2, 0),
        ("UPDATE thing SET text = 'past the application' WHERE id = 1", 1, 0),
        ("DELETE FROM thing WHERE id = 4", 0, 1),
        (
            "INSERT INTO thing SELECT 9, 'x', created_at, updated_at, 1, 'x' FROM thing LIMIT 1",
            1,
            0,
        ),
        (
            "INSERT INTO thing SELECT 3, 'x', created_at, updated_at, 1, 'x' FROM thing LIMIT 1",
            1,
            0,
        ),
    ],
    ids=["changed", "changed past the application", "deleted", "made", "imported"],
)
def test_a_newer_database_is_left_alone(file, saved, restore, statement, changed, deleted):
    change(file, statement)
    before = query(file, "SELECT group_concat(id || text || updated_at) FROM thing")
    said = restore(code=1)
    assert said.startswith(
        f"Error: The database is newer than {saved}: {changed} things were made or changed since, "
        f"and {deleted} deleted."
    )
    assert query(file, "SELECT group_concat(id || text || updated_at) FROM thing") == before
    restore("--force")
    assert query(file, "SELECT count(*) FROM thing") == 3


@pytest.mark.parametrize("newer", ["9999", "0002"])
def test_a_database_of_a_newer_schema_is_left_alone(file, saved, restore, newer):
    change(saved, "UPDATE alembic_version SET version_num = '0001'")
    change(file, "UPDATE alembic_version SET version_num = ?", newer)
    assert "has a newer schema" in restore(code=1)
    restore("--force")
    assert query(file, "SELECT version_num FROM alembic_version") == "0001"


def test_a_database_that_somebody_has_open_is_left_alone(file, saved, connection, restore):
    connection.execute("SELECT * FROM thing").fetchall()
    assert restore(code=1) == (
        f"Error: {file}: Somebody has it open. Stop the server, or use --force.\n"
    )
    restore("--force")


def test_a_database_that_stays_locked_is_left_alone(monkeypatch, file, saved, connection, restore):
    monkeypatch.setattr("flask_things.backups.LOCK_TIMEOUT_S", 0)
    connection.execute("BEGIN IMMEDIATE")
    assert "locked by somebody who writes" in restore("--force", code=1)


def test_a_server_goes_on_with_what_was_restored(client, saved, serve, tmp_path):
    """Clients write all the while: every id that they are told is theirs alone."""
    before = client.get("/things").json
    server = serve()
    given, end = [], threading.Event()

    def write():
        while not end.is_set():
            status, _, thing = server.request("POST", "/things", {"text": "x"})
            assert status in (201, 503)
            if status == 201:
                given.append(thing["id"])

    clients = [threading.Thread(target=write) for _ in range(4)]
    for thread in clients:
        thread.start()
    for _ in range(5):
        wait_until(partial(has_more_than, given, len(given) + 20))
        run = python(tmp_path, *COMMAND, "restore", "--force", saved)
        assert run.returncode == 0, run.stderr
    end.set()
    for thread in clients:
        thread.join()
    assert len(set(given)) == len(given)
    assert server.request("GET", "/things")[2][:3] == before
    assert max(given) < server.request("POST", "/things", {"text": "x"})[2]["id"]
    assert query(tmp_path / "data/db.sqlite3", "PRAGMA integrity_check") == "ok"


def has_more_than(given, number):
    """Tell whether more ids were given than a number."""
    return len(given) > number


KILLED = """
import os, signal, sys
from pathlib import Path
from flask_things.restores import restore

def progress(done, total):
    if done / total > float(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

restore(Path("backup"), Path("data/db.sqlite3").absolute(), force=True, progress=progress)
"""


@pytest.mark.parametrize("when", ["0.25", "0.51", "0.75", "0.99"])
def test_a_restore_that_is_killed_leaves_what_was_there(app, client, runner, file, tmp_path, when):
    fill(app)
    assert runner.invoke(args=["things", "backup", str(tmp_path / "backup")]).exit_code == 0
    client.put("/things/1", json={"text": "since"})
    assert python(tmp_path, "-c", KILLED, when).returncode == -signal.SIGKILL
    assert query(file, "PRAGMA integrity_check") == "ok"
    assert client.get("/things/1").json["text"] == "since"
    assert (
        runner.invoke(args=["things", "restore", "--force", str(tmp_path / "backup")]).exit_code
        == 0
    )
    assert client.get("/things/1").json["text"] == "0"


@pytest.mark.parametrize("there", ["no folder", "no file", "an empty file", "a stale WAL"])
def test_where_no_database_is_one_is_made(client, file, saved, restore, there):
    before = client.get("/things").json
    with client.application.app_context():
        db.engine.dispose()
    shutil.rmtree(file.parent)
    if there != "no folder":
        file.parent.mkdir()
    if there == "an empty file":
        file.touch()
    if there == "a stale WAL":
        file.with_name("db.sqlite3-wal").write_bytes(b"x" * 5000)
    assert restore() == f"{file}: 3 things.\n"
    aside = {"db.sqlite3.old-wal"} if there == "a stale WAL" else set()
    assert files(file.parent) == {"db.sqlite3"} | aside
    assert query(file, "PRAGMA journal_mode") == "wal"
    assert client.get("/things").json == before


def test_a_file_that_is_no_database_is_kept_beside(client, file, saved, restore):
    before = client.get("/things").json
    with client.application.app_context():
        db.engine.dispose()
    file.write_bytes(b"a diary, not a database" * 500)
    said = restore()
    assert "ids of things that were made or deleted since the backup may be given again" in said
    assert f"kept as {file}.old;" in said
    assert file.with_name("db.sqlite3.old").read_bytes() == b"a diary, not a database" * 500
    assert client.get("/things").json == before
    file.write_bytes(b"another" * 500)
    assert f"kept as {file}.old1;" in restore()


def test_a_damaged_database_is_kept_beside_and_its_ids_are_not_given_again(
    app, client, file, saved, restore
):
    before = client.get("/things").json
    fill(app)
    with app.app_context():
        db.engine.dispose()
    damage(file)
    content = file.read_bytes()
    said = restore()
    assert f"kept as {file}.old;" in said
    assert "given again" not in said
    assert file.with_name("db.sqlite3.old").read_bytes() == content
    assert client.get("/things").json == before
    assert client.post("/things", json={"text": "new"}).json["id"] == 5 + 5002 + 1


def test_another_page_size_is_no_obstacle(client, file, saved, restore):
    """SQLite cannot change it in a database that is in WAL mode."""
    before = client.get("/things").json
    connection = sqlite3.connect(saved, isolation_level=None)
    connection.execute("PRAGMA page_size = 1024")
    connection.execute("VACUUM")
    connection.close()
    assert query(saved, "PRAGMA page_size") == 1024
    restore()
    assert query(file, "PRAGMA page_size") == 4096
    assert client.get("/things?q=ä").json == before[1:2]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("missing", "There is no such file."),
        ("a diary", "file is not a database."),
        ("empty", "Not a database of things."),
        ("tutorial", "A database without our schema, like the tutorial app's."),
        ("newer", "The schema 9999 is not known: is it of a newer flask-things?"),
        ("damaged", "The database is damaged: "),
        ("cut off", "database disk image is malformed."),
    ],
)
def test_a_file_that_is_no_backup_changes_nothing(app, client, file, saved, restore, made, reason):
    before = client.get("/things").json
    if made == "newer":
        change(saved, "UPDATE alembic_version SET version_num = '9999'")
    elif made == "damaged":
        fill(app)
        with app.app_context():
            db.engine.dispose()
        shutil.copy(file, saved)
        damage(saved)
        before = client.get("/things").json
    elif made == "cut off":
        saved.write_bytes(saved.read_bytes()[:20_000])
    else:
        saved.unlink()
    if made == "a diary":
        saved.write_text("a diary, not a database" * 100)
    elif made == "empty":
        saved.touch()
    elif made == "tutorial":
        change(saved, "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, text VARCHAR NOT NULL)")
    assert restore("--force", code=1).startswith(f"Error: {saved}: {reason}")
    assert client.get("/things").json == before
    assert not any(name.startswith(".") for name in files(file.parent))


@pytest.mark.parametrize("how", ["itself", "symlink", "hardlink"])
def test_the_database_is_not_restored_from_itself(client, runner, saved, file, how):
    saved.unlink()
    if how == "itself":
        saved = file
    elif how == "symlink":
        saved.symlink_to(file)
    else:
        saved.hardlink_to(file)
    result = runner.invoke(args=["things", "restore", "--force", str(saved)])
    assert (result.exit_code, result.output) == (
        1,
        f"Error: {saved}: This is the database itself.\n",
    )


def test_a_tutorial_database_in_its_place_needs_force_and_is_kept(client, file, saved, restore):
    with client.application.app_context():
        db.engine.dispose()
    shutil.rmtree(file.parent)
    file.parent.mkdir()
    change(file, "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, text VARCHAR NOT NULL)")
    change(file, "INSERT INTO thing VALUES (70, 'x')")
    assert "With --force it is set aside." in restore(code=1)
    assert f"kept as {file}.old;" in restore("--force")
    assert query(file.with_name("db.sqlite3.old"), "SELECT text FROM thing") == "x"
    assert client.post("/things", json={"text": "new"}).json["id"] == 71


def test_a_backup_of_an_older_schema_is_brought_up_to_date_by_the_next_start(
    environ, file, saved, restore
):
    saved.unlink()
    script = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, text VARCHAR NOT NULL)"
    change(saved, script)
    change(saved, "INSERT INTO thing VALUES (1, 'old')")
    older = create_app({"THINGS_DATABASE_URL": f"sqlite:///{saved}"})
    assert older.test_cli_runner().invoke(args=["db", "upgrade", "0001"]).exit_code == 0
    with older.app_context():
        db.engine.dispose()
    assert "Their schema is an older one" in restore("--force")
    app = create_app(environ)
    prepare(app)
    assert [thing["text"] for thing in app.test_client().get("/things?q=OLD").json] == ["old"]
    with app.app_context():
        db.engine.dispose()


def test_a_copy_of_a_database_with_its_wal_is_a_backup_too(client, file, saved, restore):
    client.post("/things", json={"text": "in the WAL"})
    before = client.get("/things").json
    for ending in ("", "-wal"):
        shutil.copy(f"{file}{ending}", f"{saved}{ending}")
    restore()
    assert client.get("/things").json == before
