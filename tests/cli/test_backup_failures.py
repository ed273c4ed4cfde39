"""`flask things backup`: refusals and failures, which leave nothing behind."""

import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from flask_things import create_app
from tests.support.files import COMMAND, damage, files
from tests.support.server import clean_environ

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize("how", ["itself", "symlink", "hardlink", "wal"])
def test_a_backup_to_the_database_itself_is_refused(
    client, connection, runner, file, tmp_path, how
):
    client.post("/things", json={"text": "x"})
    connection.execute("SELECT * FROM thing").fetchone()  # keeps the WAL
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
        f"Error: {target}: This file is part of the database itself.\n",
    )
    assert client.get("/things/1").status_code == 200


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_backup_beside_another_database_s_journal_is_refused(app, runner, tmp_path, ending):
    (tmp_path / f"backup{ending}").touch()
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {tmp_path}/backup{ending}: SQLite would apply this")
    assert files(tmp_path) == {"data", f"backup{ending}"}


def test_without_a_database_no_backup_and_no_database_is_created(environ, tmp_path):
    runner = create_app(environ).test_cli_runner()
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    reason = f"Error: {tmp_path}/data/db.sqlite3: No such database.\n"
    assert (result.exit_code, result.output) == (1, reason)
    assert files(tmp_path) == {"data"}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("missing/backup", "missing/backup: No such file or directory"),
        ("data", "data: A directory. Name a file in it, or add --keep N."),
        ("pipe", "pipe: Not a regular file."),
        ("data/db.sqlite3/backup", "data/db.sqlite3/backup: Not a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_reported(app, runner, tmp_path, target, reason):
    os.mkfifo(tmp_path / "pipe")
    result = runner.invoke(args=["things", "backup", str(tmp_path / target)])
    assert (result.exit_code, result.output) == (1, f"Error: {tmp_path}/{reason}\n")


def test_a_database_without_our_schema_is_not_backed_up(runner, connection, tmp_path):
    """The fixture has created the schema, so the test removes it."""
    connection.execute("DROP TABLE alembic_version")
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == 1
    assert "not have the schema of flask-things" in result.output
    assert files(tmp_path) == {"data"}


def test_a_damaged_database_does_not_replace_the_previous_backup(filled, app, runner, tmp_path):
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
    """A limit on file sizes simulates a full disk."""
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


def test_files_of_a_killed_backup_are_removed_a_day_later(app, runner, tmp_path):
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
    # A background job of a shell, such as these tests, ignores SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def stop(*_):
        assert len(files(tmp_path)) == 2
        signal.raise_signal(how)

    monkeypatch.setattr("flask_things.cli.backup.verify", stop)
    result = runner.invoke(args=["things", "backup", str(tmp_path / "backup")])
    assert result.exit_code == code
    assert files(tmp_path) == {"data"}
