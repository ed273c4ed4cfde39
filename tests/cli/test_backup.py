"""`flask things backup`: one sound file of one moment, or none."""

import os
import pty
import resource
import signal
import subprocess
import sys
import time

import pytest

from flask_things import create_app
from flask_things.migrations import prepare
from tests.support.disk import mounted, remount
from tests.support.files import COMMAND, damage, files, fill, query
from tests.support.server import clean_environ, python, wait_until

#: Moves one from a thing to the other, in one transaction, and makes the WAL grow: for ever.
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20)
for n in range(1, 10**9):
    connection.execute("UPDATE thing SET text = ? WHERE id = 1", [str(n)])
    connection.execute("UPDATE thing SET text = ? WHERE id = 2", [str(-n)])
    connection.execute("UPDATE thing SET text = ? WHERE id = ?", ["x" * 4000, 3 + n % 5000])
    connection.commit()
    if n == 1:
        print("started", flush=True)
"""

pytestmark = pytest.mark.sqlite


@pytest.fixture
def filled(app, file):
    """Return the path of a database of 20 MB."""
    fill(app)
    return file


def test_a_backup_is_one_file_that_holds_everything(client, runner, tmp_path):
    client.post("/things/bulk", json=[{"text": "a"}, {"text": "b"}])
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(f"{tmp_path}/backup: 2 things")
    assert files(tmp_path) == {"data", "backup"}
    assert query(tmp_path / "backup", "SELECT group_concat(text) FROM thing") == "a,b"
    assert query(tmp_path / "backup", "PRAGMA journal_mode") == "delete"
    assert files(tmp_path) == {"data", "backup"}


def test_a_database_on_a_read_only_disk_is_backed_up(environ, file, tmp_path):
    with mounted(file.parent):
        prepare(create_app(environ))
        wait_until(lambda: remount(file.parent, "ro"))
        command = (*COMMAND, "backup", str(tmp_path / "backup"))
        stderr = python(tmp_path, *command, **environ).stderr
        assert stderr.startswith(f"{tmp_path}/backup: 0 things")


def test_a_backup_opens_in_the_server(client, runner, serve, tmp_path):
    thing = client.post("/things", json={"text": "kept"}).json
    assert runner.invoke(args=["things", "backup", str(tmp_path / "copy")]).exit_code == 0
    server = serve(THINGS_DATABASE_URL=f"sqlite:///{tmp_path}/copy")
    assert server.request("GET", "/things")[2] == [thing]


@pytest.mark.slow
def test_a_backup_ends_and_is_of_one_moment_while_another_process_writes(filled, tmp_path):
    """Without a transaction of its own it would begin anew with every write, and not end."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, filled], stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout.readline() == "started\n"
        for n in range(3):
            run = python(tmp_path, *COMMAND, "backup", f"backup{n}")
            assert run.returncode == 0, run.stderr
            assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    sums = [
        query(tmp_path / f"backup{n}", "SELECT sum(text) FROM thing WHERE id < 3") for n in range(3)
    ]
    assert sums == [0, 0, 0]
    seen = [int(query(tmp_path / f"backup{n}", "SELECT text FROM thing")) for n in range(3)]
    assert 0 < seen[0] < seen[1] < seen[2]


def test_a_backup_replaces_the_one_before_and_keeps_its_mode(client, runner, tmp_path):
    for n in range(1, 3):
        client.post("/things", json={"text": "x"})
        assert runner.invoke(args=["things", "backup", str(tmp_path / "nightly")]).exit_code == 0
        assert query(tmp_path / "nightly", "SELECT count(*) FROM thing") == n
        (tmp_path / "nightly").chmod(0o600)
    assert (tmp_path / "nightly").stat().st_mode & 0o777 == 0o600


def test_a_backup_follows_a_link_to_its_file(app, runner, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there/backup")
    assert runner.invoke(args=["things", "backup", str(tmp_path / "link")]).exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert files(tmp_path / "there") == {"backup"}


@pytest.mark.parametrize("how", ["itself", "symlink", "hardlink", "wal"])
def test_a_backup_to_the_database_itself_is_refused(
    client, connection, runner, file, tmp_path, how
):
    client.post("/things", json={"text": "x"})
    connection.execute("SELECT * FROM thing").fetchone()  # so that the WAL stays
    target = tmp_path / "other"
    if how == "symlink":
        target.symlink_to(file)
    elif how == "hardlink":
        target.hardlink_to(file)
    else:
        target = {"itself": file, "wal": file.with_name("db.sqlite3-wal")}[how]
    result = runner.invoke(args=["things", "backup", str(target)])
    assert (result.exit_code, result.output) == (
        1,
        f"Error: {target}: This is the database itself.\n",
    )
    assert client.get("/things/1").status_code == 200


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_backup_beside_another_database_s_journal_is_refused(app, runner, tmp_path, ending):
    (tmp_path / f"backup{ending}").touch()
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {tmp_path}/backup{ending}: SQLite would apply this")
    assert files(tmp_path) == {"data", f"backup{ending}"}


def test_without_a_database_there_is_no_backup_and_none_is_made(environ, tmp_path):
    runner = create_app(environ).test_cli_runner()
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    reason = f"Error: {tmp_path}/data/db.sqlite3: There is no database.\n"
    assert (result.exit_code, result.output) == (1, reason)
    assert files(tmp_path) == {"data"}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("missing/backup", "missing/backup: No such file or directory"),
        ("data", "data: Not a regular file."),
        ("data/db.sqlite3/backup", "data/db.sqlite3/backup: Not a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(app, runner, tmp_path, target, reason):
    result = runner.invoke(args=["things", "backup", str(tmp_path / target)])
    assert (result.exit_code, result.output) == (1, f"Error: {tmp_path}/{reason}\n")


def test_a_database_without_our_schema_is_not_backed_up(runner, connection, tmp_path):
    """The runner's own start has made the schema, so it is taken away."""
    connection.execute("DROP TABLE alembic_version")
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == 1
    assert "no schema of flask-things" in result.output
    assert files(tmp_path) == {"data"}


def test_a_damaged_database_leaves_the_backup_before_alone(filled, app, runner, tmp_path):
    assert runner.invoke(args=["things", "backup", str(tmp_path / "nightly")]).exit_code == 0
    before = (tmp_path / "nightly").read_bytes()
    damage(filled)
    result = runner.invoke(args=["things", "backup", str(tmp_path / "nightly")])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {filled}: The database is damaged: ")
    assert result.output.count("\n") == 1
    assert (tmp_path / "nightly").read_bytes() == before
    assert files(tmp_path) == {"data", "nightly"}


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_nothing_behind(filled, tmp_path):
    """A limit on the size of files stands in for the disk."""
    run = subprocess.run(
        [sys.executable, *COMMAND, "backup", "backup"],
        cwd=tmp_path,
        env=clean_environ(),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )
    assert run.returncode == 1
    assert run.stderr.startswith("Error: ")
    assert run.stderr.count("\n") == 1
    assert files(tmp_path) == {"data"}


def test_what_a_killed_backup_has_left_is_removed_a_day_later(app, runner, tmp_path):
    for name, days in (("0123abcd", 2), ("4567abcd", 0)):
        left = tmp_path / f".backup.{name}"
        left.touch()
        os.utime(left, (time.time() - days * 86_400,) * 2)
    assert runner.invoke(args=["things", "backup", str(tmp_path / "backup")]).exit_code == 0
    assert {path.name for path in tmp_path.glob(".*")} == {".backup.4567abcd"}


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_a_backup_that_is_stopped_leaves_nothing_behind(
    monkeypatch, app, runner, tmp_path, how, code, request
):
    # The background job of a shell, in which tests may run, ignores SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def stop(*_):
        assert len(files(tmp_path)) == 2
        signal.raise_signal(how)

    monkeypatch.setattr("flask_things.cli.backup.verify", stop)
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == code
    assert files(tmp_path) == {"data"}


@pytest.mark.slow
def test_a_terminal_sees_how_far_it_is(filled, tmp_path):
    reader, terminal = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, *COMMAND, "backup", "backup"],
        cwd=tmp_path,
        env=clean_environ(),
        stderr=terminal,
    )
    os.close(terminal)
    seen = b""
    while b"things." not in seen:
        seen += os.read(reader, 1000)
    os.close(reader)
    assert run.wait(20) == 0
    assert b" 50%" in seen
    assert b"100%" in seen
