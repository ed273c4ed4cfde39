"""`make rename` and `make lean`: a fork gets its own name, and loses unwanted parts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent

pytestmark = pytest.mark.slow

renames = pytest.mark.skipif(
    not (ROOT / ("flask" + "_things")).exists(), reason="this project has its own name"
)

#: Quick tests of renamed parts: settings, metrics, tokens, the document, the distribution.
TESTS = [
    "api",
    "observability/test_metrics_counts.py",
    "observability/test_metrics_port.py",
    "observability/test_monitoring.py",
    "deploy/test_files.py",
    "deploy/test_systemd.py",
    "security/test_tokens.py",
    "test_readme.py",
]


@pytest.fixture
def clone(tmp_path):
    """Return a separate repository with the content of this one."""
    clone = tmp_path / "clone"
    files = run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in files.stdout.split("\0")[:-1]:
        if (ROOT / name).exists():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    commit(clone)
    return clone


def run(folder, *command, code=0, **environ):
    """Run a command in a folder, and return its output."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environ, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def assert_is_sound(folder, *tests):
    """Run linters and quick tests on the code in a folder."""
    run(folder, PROGRAMS / "ruff", "format", "--check")
    run(folder, PROGRAMS / "ruff", "check")
    run(folder, PROGRAMS / "mypy")
    run(folder, PROGRAMS / "hadolint", "Dockerfile")
    run(folder, PROGRAMS / "actionlint")
    tests = ["-m", "pytest", "-m", "not slow", *(f"tests/{name}" for name in tests)]
    run(folder, sys.executable, *tests, PYTHONPATH=str(folder))


def commit(folder):
    """Commit everything in a folder."""
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", ".")
    name = ["-c", "user.name=x", "-c", "user.email=x"]
    run(folder, "git", *name, "commit", "--quiet", "--message", "x")


@renames
def test_a_renamed_project_has_no_old_name_and_passes_linters_and_tests(clone):
    run(clone, "make", "rename", "NAME=acme_notes")
    old = ["git", "grep", "--ignore-case", "--word-regexp", "--extended-regexp"]
    run(clone, *old, r"(flask[_-]things|things_\w+)", code=1)
    # The metadata of an installation, because the fork is not installed.
    metadata = clone / "acme_notes-1.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: acme-notes\nVersion: 1\n")
    run(clone, PROGRAMS / "ruff", "format")
    run(clone, PROGRAMS / "ruff", "check", "--fix")
    assert_is_sound(clone, *TESTS)


@pytest.mark.parametrize(
    "name", ["", "Notes", "1note", "note-s", "note__s", "class", "../x", "x;ls"]
)
def test_a_name_that_python_cannot_import_is_refused(clone, name):
    assert "Not a name like" in run(clone, "make", "rename", f"NAME={name}", code=2).stderr


@renames
@pytest.mark.parametrize("name", ["tests", "json", "flask", "flask_cors"])
def test_a_name_that_is_taken_is_refused(clone, name):
    assert "is taken" in run(clone, "make", "rename", f"NAME={name}", code=2).stderr


@renames
def test_changes_that_are_not_committed_stop_the_renaming(clone):
    (clone / "new").touch()
    assert "Commit or stash" in run(clone, "make", "rename", "NAME=acme_notes", code=2).stderr
    assert run(clone, "git", "status", "--porcelain").stdout == "?? new\n"


@pytest.mark.skipif(not (ROOT / "judges").exists(), reason="this project is lean already")
def test_a_lean_project_has_no_optional_part_and_passes_linters_and_tests(clone):
    run(clone, "make", "lean")
    names = r"litestream|make (judge|bench)|(judges|benchmarks)/|[(]examples/"
    left = run(clone, "git", "grep", "-IilE", names).stdout.split()
    assert set(left) <= {
        *("requirements-all.txt", "tools/lean.py", "tests/test_fork.py", "Makefile"),
        "tests/test_repository.py",  # has paths as examples
        # Another program may still replicate the database.
        *("flask_things/migrations/autogenerate.py", "tests/migrations/test_autogenerate.py"),
    }
    assert_is_sound(clone, "test_readme.py", "test_settings.py", "things")
    run(clone, "make", "--dry-run", "ci", "lock")
