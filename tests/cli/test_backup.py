"""`flask things backup`: one consistent file, which replaces the previous one."""

import os
import pty
import subprocess
import sys

import pytest

from flask_things import create_app
from flask_things.migrations import prepare
from tests.support.disk import mounted, remount
from tests.support.files import COMMAND, files, query
from tests.support.server import clean_environ, python, wait_until

#: Moves a value between two things in one transaction and lets the WAL grow, forever.
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
    """Without a transaction the copy would restart at every write, and never end."""
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
