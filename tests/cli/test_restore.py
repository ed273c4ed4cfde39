"""`flask things restore`: restores everything, overwrites only with --force, never reuses an id."""

import signal
import threading
import time
from functools import partial

import pytest

from flask_things.cli.backup import LOCK_TIMEOUT_S
from flask_things.db.session import db
from tests.support.files import COMMAND, change, files, fill, query
from tests.support.server import python, wait_until


def test_everything_is_restored_and_no_id_is_reused(client, file, saved, restore, tmp_path):
    before = client.get("/things").json
    client.post("/things/bulk", json=[{"text": "since"}] * 10)
    client.delete("/things/15")
    client.put("/things/1", json={"text": "changed since"})
    client.delete("/things/2")
    assert restore("--force").startswith(f"{file}: 3 things")
    assert client.get("/things").json == before
    assert client.post("/things", json={"text": "new"}).json["id"] == 16
    assert [thing["id"] for thing in client.get("/things?q=ä").json] == [2]
    ours = {f"db.sqlite3{ending}" for ending in ("", "-wal", "-shm", "-gate")}
    assert files(file.parent) <= ours


def test_an_id_that_only_the_backup_knows_is_not_reused(client, file, saved, restore):
    change(file, "DELETE FROM thing")
    change(file, "DELETE FROM sqlite_sequence")
    restore("--force")
    assert client.post("/things", json={"text": "new"}).json["id"] == 6


def test_no_table_gives_an_id_twice(runner, file, saved, restore):
    """In all tables: tokens, and those that a fork adds."""
    change(saved, "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    change(file, "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    change(file, "INSERT INTO note VALUES (70)")
    runner.invoke(args=["tokens", "create", "since"])
    restore("--force")
    assert runner.invoke(args=["tokens", "create", "new"]).stdout.startswith("things_2_")
    change(file, "INSERT INTO note DEFAULT VALUES")
    assert query(file, "SELECT id FROM note") == 71


def test_an_id_of_a_table_that_the_backup_has_not_yet_is_not_reused(file, saved, restore):
    change(file, "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    change(file, "INSERT INTO note VALUES (70)")
    restore("--force")
    change(file, "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    change(file, "INSERT INTO note DEFAULT VALUES")
    assert query(file, "SELECT id FROM note") == 71


EXISTING = {
    "the same": lambda file: None,
    "without rows": lambda file: change(file, "DELETE FROM thing"),
    "a tutorial's": lambda file: (file.unlink(), change(file, "CREATE TABLE thing (id, text)")),
    "no database": lambda file: file.write_bytes(b"a diary" * 1000),
    "empty": lambda file: file.write_bytes(b""),
}


@pytest.mark.parametrize("what", EXISTING)
def test_an_existing_file_is_not_replaced_without_force(app, file, saved, restore, what):
    """Whatever it contains. Any of its tables may be newer than the backup."""
    with app.app_context():
        db.engine.dispose()
    EXISTING[what](file)
    before = file.read_bytes()
    refusal = f"Error: {file} exists. Use --force to replace all its data, including tokens.\n"
    assert restore(code=1) == refusal
    assert file.read_bytes() == before


def test_a_database_in_use_is_not_replaced_without_force(client, file, saved, serve, restore):
    server = serve()
    assert "exists." in restore(code=1)
    assert server.request("POST", "/things", {"text": "x"})[0] == 201


def test_the_restore_reports_that_tokens_are_those_of_the_backup(runner, saved, restore, tmp_path):
    """A token that was revoked since the backup is valid again."""
    runner.invoke(args=["tokens", "create", "revoked"])
    assert runner.invoke(args=["things", "backup", str(tmp_path / "backup")]).exit_code == 0
    runner.invoke(args=["tokens", "revoke", "revoked"])
    runner.invoke(args=["tokens", "create", "since"])
    assert "The tokens are now those of the backup; see `flask tokens list`." in restore("--force")
    assert runner.invoke(args=["tokens", "list"]).stdout.split("\t")[0] == "revoked"


def test_a_reader_holds_a_restore_up_neither_now_nor_at_its_end(file, saved, connection, restore):
    """An export may read for minutes. Writers would have to wait as long."""
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM thing").fetchall()
    change(file, "UPDATE thing SET text = 'since'")
    began = time.monotonic()
    restore("--force")
    assert time.monotonic() - began < LOCK_TIMEOUT_S / 2
    assert query(file, "SELECT text FROM thing") == "A"
    assert connection.execute("SELECT text FROM thing").fetchone() == ("A",)


def test_a_database_that_stays_locked_is_unchanged(monkeypatch, file, saved, connection, restore):
    monkeypatch.setattr("flask_things.cli.backup.LOCK_TIMEOUT_S", 0)
    connection.execute("BEGIN IMMEDIATE")
    assert "locked by another writer" in restore("--force", code=1)


def test_a_server_continues_with_the_restored_data(client, saved, serve, tmp_path):
    """Clients write all the time, and each new id is unique."""
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
    """Return whether more than `number` ids were assigned."""
    return len(given) > number


KILLED = """
import os, signal, sys
from pathlib import Path
from flask_things.cli.restore import restore

def progress(done, total):
    if done / total > float(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

restore(Path("backup"), Path("data/db.sqlite3").absolute(), force=True, progress=progress)
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["0.25", "0.51", "0.75", "0.99"])
def test_a_killed_restore_leaves_the_old_data(app, client, runner, file, tmp_path, when):
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
