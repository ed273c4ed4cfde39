"""`flask db migrate` in a fork: its file needs no editing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import python

ROOT = Path(__file__).parents[2]

NOTE = '''

class Note(Record):
    """A note on a thing."""

    text: Mapped[str] = mapped_column(Text(1, 200), unique=True)
    thing_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Thing.id, ondelete="SET NULL"))


describe(Note.__table__, searched="text", sorts=["text"], filters=["thing_id"])
'''
IMPORTS = "import sqlalchemy as sa\nfrom flask_things.resource.tables.indexes import describe\n"


@pytest.fixture
def fork(tmp_path):
    """Return a copy of the package with another table."""
    shutil.copytree(ROOT / "flask_things", tmp_path / "flask_things")
    for name in ("wsgi.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    model = tmp_path / "flask_things/things/model.py"
    text = model.read_text()
    model.write_text(text.replace("from sqlalchemy.orm", f"{IMPORTS}from sqlalchemy.orm", 1) + NOTE)
    return tmp_path


@pytest.mark.slow
def test_the_file_passes_the_linter_and_creates_the_declared_objects(fork, environ):
    def run(*arguments):
        done = python(fork, *arguments, **environ)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "Add notes" not in run("-m", "flask", "db", "upgrade")
    run("-m", "flask", "db", "migrate", "-m", "Add notes")
    [file] = (fork / "flask_things/migrations/versions").glob("*_add_notes.py")
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--quiet", file], cwd=fork, check=True)
    run("-m", "flask", "db", "upgrade")
    run("-m", "flask", "db", "check")
