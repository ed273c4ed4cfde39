"""The repository contains written files only, and nothing that a tool generated."""

import re
import subprocess
import tomllib
from configparser import ConfigParser
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SYMLINK = "120000"  # git's mode

#: Wheels, archives, compiled code, databases, and cache folders of tools.
FOREIGN = re.compile(
    r"\.(whl|egg|zip|tar|t?gz|bz2|xz|zst|jar|so|pyc|pyo|db|sqlite3?|log)$"
    r"|(^|/)(node_modules|__pycache__|[^/]*\.egg-info|\.[^/]*cache|\.schemathesis|\.hypothesis)/"
)


@pytest.fixture(scope="module")
def tracked():
    """Return the mode of each tracked file by path."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.check_output(["git", "ls-files", "--stage", "-z"], cwd=ROOT, text=True)
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    return {path: details.split()[0] for details, _, path in entries}


def test_no_wheel_archive_or_cache_is_tracked(tracked):
    assert [path for path in tracked if FOREIGN.search(path)] == []


def test_no_symlink_is_tracked(tracked):
    """Wheels and Windows do not support them."""
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
def test_generated_files_are_recognized(path):
    assert FOREIGN.search(path)


def pins(name):
    """Return each line of a requirements file that names a package, with its hashes."""
    text = (ROOT / name).read_text().replace(" \\\n", "")
    return [line for line in text.splitlines() if not re.match(r"\s*(#|$)", line)]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-all.txt"])
def test_a_requirements_file_holds_versions_and_hashes_only(name):
    """An index or a link would be specific to its author."""
    pin = re.compile(r"[a-z0-9-]+==[\w.]+( ; [\w '\".<>=!()]+)?(    --hash=sha256:[0-9a-f]{64})+")
    assert [line for line in pins(name) if not pin.fullmatch(line)] == []


def test_every_environment_has_the_versions_that_make_run_installs():
    run, every = (
        {line.split()[0] for line in pins(name)}
        for name in ("requirements.txt", "requirements-all.txt")
    )
    assert run < every


def test_every_requirement_is_locked():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    lines = [*setup["options.extras_require"].values(), setup["options"]["install_requires"]]
    named = [*"\n".join(lines).split("\n"), *chain.from_iterable(groups.values())]
    locked = {line.partition("==")[0] for line in pins("requirements-all.txt")}
    assert {re.match("[a-z0-9-]*", line)[0] for line in named} - {""} <= locked
