"""`flask things restore` with unusual files, as backup and as database."""

import shutil
from contextlib import closing

import pytest

from flask_things import create_app
from flask_things.db.session import db
from flask_things.db.sqlite.file import sqlite3
from flask_things.migrations import prepare
from tests.support.files import change, damage, files, fill, query

#: The table of the tutorial app.
TUTORIAL = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, text VARCHAR NOT NULL)"


@pytest.fixture
def restart(environ):
    """Return a function that restarts the application and returns a client."""
    apps = []

    def start():
        apps.append(create_app(environ))
        prepare(apps[-1])
        return apps[-1].test_client()

    yield start
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("there", ["no folder", "no file", "a stale WAL"])
def test_a_missing_database_is_created(
    client, file, saved, restore, restart, there, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)  # the default folder data is in this one
    before = client.get("/things").json
    with client.application.app_context():
        db.engine.dispose()
    shutil.rmtree(file.parent)
    if there != "no folder":
        file.parent.mkdir()
    if there == "a stale WAL":
        file.with_name("db.sqlite3-wal").write_bytes(b"x" * 5000)
    assert restore().startswith(f"{file}: 3 things")
    renamed = {"db.sqlite3.old-wal"} if there == "a stale WAL" else set()
    own = {f"db.sqlite3{ending}" for ending in ("", "-wal", "-shm", "-gate")}
    assert files(file.parent) - own == renamed
    assert query(file, "PRAGMA journal_mode") == "wal"
    assert restart().get("/things").json == before


def test_a_missing_folder_is_refused_and_not_created(client, file, saved, restore):
    with client.application.app_context():
        db.engine.dispose()
    shutil.rmtree(file.parent)
    assert f"Error: There is no folder {file.parent}." in restore(code=1)
    assert not file.parent.exists()


def test_a_file_that_is_not_a_database_is_renamed(client, file, saved, restore, restart):
    before = client.get("/things").json
    with client.application.app_context():
        db.engine.dispose()
    file.write_bytes(b"a diary, not a database" * 500)
    assert f"The old file is kept as {file}.old. Restart the server if it runs." in restore(
        "--force"
    )
    assert file.with_name("db.sqlite3.old").read_bytes() == b"a diary, not a database" * 500
    assert restart().get("/things").json == before
    file.write_bytes(b"another" * 500)
    assert f"kept as {file}.old1." in restore("--force")


def test_a_damaged_database_is_renamed_and_its_ids_are_not_reused(
    app, client, file, saved, restore, restart
):
    before = client.get("/things").json
    fill(app)
    with app.app_context():
        db.engine.dispose()
    damage(file)
    content = file.read_bytes()
    assert f"kept as {file}.old." in restore("--force")
    assert file.with_name("db.sqlite3.old").read_bytes() == content
    client = restart()
    assert client.get("/things").json == before
    assert client.post("/things", json={"text": "new"}).json["id"] == 5 + 5002 + 1


def test_another_page_size_is_no_obstacle(client, file, saved, restore):
    """SQLite cannot change it in a database in WAL mode."""
    before = client.get("/things").json
    with closing(sqlite3.connect(saved, isolation_level=None)) as connection:
        connection.executescript("PRAGMA page_size = 1024; VACUUM")
    assert query(saved, "PRAGMA page_size") == 1024
    restore("--force")
    assert query(file, "PRAGMA page_size") == 4096
    assert client.get("/things?q=ä").json == before[1:2]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("missing", "No such file."),
        ("a diary", "file is not a database."),
        ("empty", "It does not have the schema of flask-things."),
        ("tutorial", "It does not have the schema of flask-things."),
        ("newer", "Unknown schema 9999. Is it from a newer version?"),
        ("damaged", "The database is damaged: "),
        ("cut off", "database disk image is malformed."),
    ],
)
def test_an_invalid_backup_changes_nothing(app, client, file, saved, restore, made, reason):
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
        change(saved, TUTORIAL)
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
    assert result.exit_code == 1
    assert result.output == f"Error: {saved}: This file is part of the database itself.\n"


@pytest.mark.parametrize(
    ("table", "version"),
    [
        (TUTORIAL, None),
        ("UPDATE alembic_version SET version_num = '9999'", "9999"),
    ],
    ids=["the tutorial's", "of a newer schema"],
)
def test_a_database_that_is_not_of_this_version_is_renamed(
    client, file, saved, restore, restart, table, version
):
    before = client.get("/things").json
    with client.application.app_context():
        db.engine.dispose()
    if not version:
        file.unlink()
    change(file, table)
    assert f"kept as {file}.old." in restore("--force")
    old = file.with_name("db.sqlite3.old")
    if version:
        assert query(old, "SELECT version_num FROM alembic_version") == version
    assert query(old, "SELECT count(*) FROM thing") == (3 if version else 0)
    assert restart().get("/things").json == before


def test_a_backup_of_an_older_schema_is_brought_up_to_date(client, file, saved, restore):
    """Immediately, because a server may be running."""
    saved.unlink()
    change(saved, TUTORIAL)
    change(saved, "INSERT INTO thing VALUES (1, 'old')")
    older = create_app({"THINGS_DATABASE_URL": f"sqlite:///{saved}"})
    assert older.test_cli_runner().invoke(args=["db", "upgrade", "0001"]).exit_code == 0
    with older.app_context():
        db.engine.dispose()
    assert restore("--force").startswith(f"{file}: 1 things")
    assert [thing["text"] for thing in client.get("/things?q=OLD").json] == ["old"]


def test_a_copy_of_a_database_with_its_wal_is_a_backup_too(client, file, saved, restore):
    client.post("/things", json={"text": "in the WAL"})
    before = client.get("/things").json
    for ending in ("", "-wal"):
        shutil.copy(f"{file}{ending}", f"{saved}{ending}")
    restore("--force")
    assert client.get("/things").json == before
