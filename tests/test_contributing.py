"""The way to a resource of one's own, as CONTRIBUTING.md has it."""

import shutil
from pathlib import Path

import pytest

from tests.support.server import python

ROOT = Path(__file__).parents[1]

NOTE = """

class Note(db.Model):  # type: ignore[name-defined]
    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
"""


@pytest.mark.slow
def test_a_table_of_one_s_own_gets_a_migration_that_runs(tmp_path):
    shutil.copytree(ROOT / "flask_things", tmp_path / "flask_things")
    shutil.copy(ROOT / "wsgi.py", tmp_path)
    flask(tmp_path, "db", "upgrade")
    with (tmp_path / "flask_things/resource/models.py").open("a") as models:
        models.write(NOTE)
    flask(tmp_path, "db", "migrate", "-m", "Add notes")
    migrations = list((tmp_path / "flask_things/migrations/versions").glob("*_add_notes.py"))
    assert len(migrations) == 1
    assert "sa.DateTime()" in migrations[0].read_text()
    flask(tmp_path, "db", "upgrade")
    flask(tmp_path, "db", "check")


def flask(folder, *arguments):
    """Run a `flask` command in a folder."""
    run = python(folder, "-m", "flask", *arguments)
    assert run.returncode == 0, run.stderr
