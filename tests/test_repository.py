"""What the repository holds: files that somebody wrote, and nothing that a tool left behind."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SYMLINK = "120000"  # git's mode

#: Wheels and archives, compiled code, databases, and the folders in which tools keep their caches.
FOREIGN = re.compile(
    r"\.(whl|egg|zip|tar|t?gz|bz2|xz|zst|jar|so|pyc|pyo|db|sqlite3?|log)$"
    r"|(^|/)(node_modules|__pycache__|[^/]*\.egg-info|\.[^/]*cache|\.schemathesis|\.hypothesis)/"
)


@pytest.fixture(scope="module")
def tracked():
    """Return the mode of each file that git tracks, by its path."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.check_output(["git", "ls-files", "--stage", "-z"], cwd=ROOT, text=True)
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    return {path: details.split()[0] for details, _, path in entries}


def test_no_wheel_archive_or_cache_is_tracked(tracked):
    assert [path for path in tracked if FOREIGN.search(path)] == []


def test_no_symlink_is_tracked(tracked):
    """A wheel and Windows cannot carry one."""
    assert [path for path, mode in tracked.items() if mode == SYMLINK] == []


@pytest.mark.parametrize(
    "path",
    [
        "judges/redbot-2.7.1-py3-none-any.whl",
        "judges/.schemathesis/default/cache/crashes/manifest.json",
        "data/db.sqlite3",
        "flask_things/__pycache__/app.cpython-311.pyc",
        ".pytest_cache/README.md",
    ],
)
def test_what_tools_leave_behind_is_recognized(path):
    assert FOREIGN.search(path)
