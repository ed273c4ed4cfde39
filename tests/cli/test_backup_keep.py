"""`flask things backup --keep`: backups named by time, of which the newest stay."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock

import pytest

from tests.support.disk import mounted, remount
from tests.support.files import damage, files, query
from tests.support.server import clean_environ, wait_until

#: `flask things backup`, which is killed when the copy is complete but not yet verified.
KILLED = """
import os, signal, sys
from flask.cli import main
from flask_things.cli import backup
backup.verify = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["flask", "--app", "flask_things", "things", "backup", "--keep", "2", "nightly"]
main()
"""

pytestmark = pytest.mark.sqlite


class Clock:
    """A clock that the test sets. Sleeping advances it."""

    time = datetime(2026, 11, 26, 23, 15, 4, tzinfo=UTC)

    def now(self, _zone):
        """Return the time."""
        return self.time

    def sleep(self, seconds):
        """Advance the clock."""
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch):
    """Return the clock by which backups are named."""
    clock = Clock()
    monkeypatch.setattr("flask_things.cli.copies.datetime", clock)
    monkeypatch.setattr("flask_things.cli.copies.time", clock)
    return clock


@pytest.fixture
def folder(tmp_path):
    """Return the directory of the backups."""
    (tmp_path / "nightly").mkdir()
    return tmp_path / "nightly"


@pytest.fixture
def backup(app, runner, folder):
    """Return the command."""

    def backup(keep=2, to=folder):
        result = runner.invoke(args=["things", "backup", "--keep", str(keep), str(to)])
        return result.exit_code, result.output

    return backup


def test_the_newest_backups_are_kept(client, backup, clock, folder):
    for n in range(4):
        client.post("/things", json={"text": str(n)})
        clock.time += timedelta(days=1)
        code, output = backup()
    assert code == 0
    assert output == (
        f"{folder}/db-20261130T231504Z.sqlite3: 4 things.\n"
        f"{folder}/db-20261128T231504Z.sqlite3: Removed.\n"
    )
    assert files(folder) == {"db-20261129T231504Z.sqlite3", "db-20261130T231504Z.sqlite3"}
    assert query(folder / "db-20261129T231504Z.sqlite3", "SELECT count(*) FROM thing") == 3


def test_two_backups_within_a_second_are_two_files(backup, clock, folder):
    assert backup()[0] == backup()[0] == 0
    assert files(folder) == {"db-20261126T231504Z.sqlite3", "db-20261126T231505Z.sqlite3"}


def test_other_files_stay(backup, clock, folder):
    (folder / "db-20200101T000000Z.sqlite3").symlink_to("before-the-upgrade.sqlite3")
    (folder / "db-20200102T000000Z.sqlite3").mkdir()
    for name in (
        "before-the-upgrade.sqlite3",
        "db-20200101T000000Z.sqlite3.gz",
        "db-20200101.sqlite3",
        "other-20200101T000000Z.sqlite3",
        ".db-20200101T000000Z.sqlite3.swp",
        ".other-20200101T000000Z.sqlite3.0123abcd",
    ):
        (folder / name).touch()
    before = files(folder)
    assert backup(keep=1)[0] == 0
    assert files(folder) == before | {"db-20261126T231504Z.sqlite3"}


def test_a_backup_that_fails_removes_no_other(filled, backup, clock, folder):
    for _ in range(2):
        assert backup()[0] == 0
    before = files(folder)
    damage(filled)
    code, output = backup(keep=1)
    assert code == 1
    assert "The database is damaged" in output
    assert files(folder) == before


def test_a_clock_that_was_set_back_stops_the_backup(backup, clock, folder):
    """The new backup would sort as the oldest one."""
    assert backup()[0] == 0
    clock.time -= timedelta(hours=1)
    newest = folder / "db-20261126T231504Z.sqlite3"
    code, output = backup()
    assert code == 1
    assert output.startswith(f"Error: {newest}: This backup is dated in the future.")
    assert files(folder) == {newest.name}


@pytest.mark.parametrize(
    ("keep", "to", "code", "reason"),
    [
        (2, "missing", 1, "missing: There is no such directory."),
        (2, "data/db.sqlite3", 1, "data/db.sqlite3: This is not a directory."),
        (0, "nightly", 2, "Invalid value for '--keep': 0 is not in the range x>=1."),
    ],
)
def test_the_error_names_the_problem(backup, tmp_path, folder, keep, to, code, reason):
    found, output = backup(keep, tmp_path / to)
    assert found == code
    assert reason in output
    assert files(folder) == set()


def test_a_directory_that_cannot_be_written_is_reported(backup, clock, folder):
    with mounted(folder):
        wait_until(lambda: remount(folder, "ro"))
        name = folder / "db-20261126T231504Z.sqlite3"
        assert backup() == (1, f"Error: {name}: Read-only file system\n")


def test_a_second_backup_at_the_same_time_is_refused(backup, folder):
    handle = os.open(folder, os.O_RDONLY)
    flock(handle, LOCK_EX)
    assert backup() == (1, f"Error: {folder}: Another backup is running.\n")
    os.close(handle)
    assert backup()[0] == 0


def test_the_next_backup_removes_files_of_a_killed_one(backup, folder, tmp_path):
    run = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, env=clean_environ())
    assert run.returncode == -signal.SIGKILL
    assert files(folder)
    assert backup()[0] == 0
    [name] = files(folder)
    assert name.startswith("db-2")
