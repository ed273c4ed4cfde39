"""`flask things restore`: everything comes back, nothing newer goes unasked, no id comes twice."""

import signal
import threading
from functools import partial

import pytest

from tests.files import COMMAND, change, files, fill, query
from tests.server import python, wait_until


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
    ours = {f"db.sqlite3{ending}" for ending in ("", "-wal", "-shm", "-gate")}
    assert files(file.parent) <= ours


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


def test_a_database_of_a_newer_schema_is_left_alone(client, file, saved, restore):
    change(file, "UPDATE alembic_version SET version_num = '9999'")
    assert "has a newer schema" in restore(code=1)
    restore("--force")
    assert client.get("/readyz").status_code == 200


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
