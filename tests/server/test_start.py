"""Refused starts: one line with advice, and no byte changed."""

import os
from contextlib import closing

import pytest

from flask_things import create_app
from flask_things.db.sqlite.file import sqlite3
from flask_things.db.sqlite.files import beside
from flask_things.migrations import prepare
from tests.support.disk import fill, mounted, remount
from tests.support.server import python

pytestmark = [pytest.mark.sqlite, pytest.mark.slow]

WAYS = {
    "flask_things": ("-m", "flask_things"),
    "flask db upgrade": ("-m", "flask", "--app", "flask_things", "db", "upgrade"),
}


def damage(make):
    """Return a function that creates a database and then damages it."""

    def spoil(file):
        prepare(create_app({"THINGS_DATABASE_URL": f"sqlite:///{file}"}))
        make(file)

    return spoil


def execute(*statements):
    """Return a function that executes statements."""

    def run(file):
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def cut(file):
    """Truncate the file."""
    os.truncate(file, file.stat().st_size - 3 * 4096)


def cut_beside_a_wal(file):
    """Truncate the file while a WAL, which outlives its process, has newer pages."""
    write = "c.execute('CREATE TABLE x (y)'); os._exit(0)"
    connect = "import os, sys, sqlite3; c = sqlite3.connect(sys.argv[1], isolation_level=None)"
    assert python(file.parent, "-c", f"{connect}; {write}", file).returncode == 0
    assert beside(file, "-wal").stat().st_size
    cut(file)


SPOILED = {
    "no database": (lambda file: file.write_text("a diary" * 1000), "not a database"),
    "zero length": (lambda file: file.touch(), "empty"),
    "a few bytes": (lambda file: file.write_bytes(b"SQLite"), "not a database"),
    "a header alone": (damage(lambda file: os.truncate(file, 100)), "Restore a backup"),
    "cut off": (damage(cut), "Restore a backup"),
    "cut off, with a WAL": (damage(cut_beside_a_wal), "truncated"),
    "garbage": (lambda file: file.write_bytes(b"SQLite format 3\0" + b"x" * 9000), "Restore"),
    "newer": (damage(execute("UPDATE alembic_version SET version_num = 'newer'")), "newer"),
    "newer, no WAL": (
        damage(
            execute(
                "UPDATE alembic_version SET version_num = 'newer'", "PRAGMA journal_mode = DELETE"
            )
        ),
        "newer",
    ),
    "a directory": (lambda file: file.mkdir(), "directory"),
}


def refusal(folder, way, url):
    """Return the one line that a start prints besides gunicorn's."""
    start = python(folder, *WAYS[way], THINGS_DATABASE_URL=url, PORT="1")
    assert start.returncode != 0
    printed = [line for line in start.stderr.splitlines() if line and "INFO" not in line]
    assert len(printed) == 1, start.stderr
    return printed[0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", SPOILED)
def test_an_incomplete_or_foreign_database_is_refused_and_unchanged(file, tmp_path, way, kind):
    spoil, words = SPOILED[kind]
    spoil(file)
    before = file.read_bytes() if file.is_file() else None
    line = refusal(tmp_path, way, f"sqlite:///{file}")
    assert f"THINGS_DATABASE_URL: sqlite:///{file}: " in line
    assert words in line
    assert (file.read_bytes() if file.is_file() else None) == before


@pytest.mark.parametrize("way", WAYS)
def test_a_missing_folder_is_reported_and_not_created(tmp_path, way):
    """A typing error must not create an empty database that hides the intended one."""
    url = f"sqlite:///{tmp_path}/dta/db.sqlite3"
    assert f"no folder {tmp_path}/dta" in refusal(tmp_path, way, url)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", WAYS)
def test_the_default_folder_that_cannot_be_created_is_reported(tmp_path, way):
    with mounted(tmp_path):
        remount(tmp_path, "ro")
        assert str(tmp_path) in refusal(tmp_path, way, "sqlite:///data/db.sqlite3")


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_cannot_be_written_is_reported(file, tmp_path, way):
    with mounted(file.parent):
        remount(file.parent, "ro")
        assert str(file.parent) in refusal(tmp_path, way, f"sqlite:///{file}").split(": ", 2)[2]


@pytest.mark.parametrize("way", WAYS)
def test_a_read_only_database_that_is_not_up_to_date_is_reported(file, tmp_path, way):
    with mounted(file.parent):
        execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, text VARCHAR NOT NULL)")(file)
        remount(file.parent, "ro")
        assert "Its schema is old" in refusal(tmp_path, way, f"sqlite:///{file}")


@pytest.mark.parametrize("way", WAYS)
def test_a_disk_without_room_for_a_new_database_is_reported(file, tmp_path, way):
    with mounted(file.parent):
        fill(file.parent / "ballast")
        assert "full" in refusal(tmp_path, way, f"sqlite:///{file}")
