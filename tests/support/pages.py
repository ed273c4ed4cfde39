"""The README, the pages in docs/, their commands and the output."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import clean_environ

ROOT = Path(__file__).parents[2]

#: The text of each page by its name, such as `README.md` and `http-api.md`.
PAGES = {
    path.name: path.read_text()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
}

#: A block of commands after a paragraph, or a comment, that explains why no test runs them.
NOT_RUN = re.compile(r"^(?:\*|<!-- )Not run (?:[^\n]+\n)+\n```console\n.*?^```$", re.M | re.S)


def blocks(kind, text):
    """Return the text of every code block of a kind."""
    every = re.findall(r"^```(.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [text for its_kind, text in every if its_kind == kind]


def steps(kind, prompt, text):
    """Return every command that a test has to run, with what is printed after it."""
    text = "\n" + "".join(blocks(kind, NOT_RUN.sub("", text)))
    pairs = [step.partition("\n") for step in text.split(f"\n{prompt} ")[1:]]
    return [(command, printed.strip()) for command, _, printed in pairs]


def _is_shown(printed, shown):
    """Return whether a page shows what was printed, at another time; `…` stands for any text."""
    pattern = re.escape(_timeless(shown)).replace("…", ".*")
    return re.fullmatch(pattern, _timeless(printed), re.DOTALL)


def _timeless(text):
    return re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+Z| \d\d:\d\d UTC)?", "TIME", text).strip()


def assert_shown(steps, folder, texts, **environ):
    """Run commands in a folder, with some texts replaced, and compare what they print."""
    printed = _printed_by([command for command, _ in steps], folder, texts, environ)
    for (command, shown), output in zip(steps, printed, strict=True):
        assert _is_shown(output, shown), f"{command}\n{output}"


def _printed_by(commands, folder, texts, environ):
    """Return what each command prints in one shell."""
    ends = "printf '\\0'\n".join(f"{command}\n" for command in commands)
    script = 'curl() { command curl --silent "$@"; }\n' + ends
    for old, new in {".venv/bin/": f"{Path(sys.executable).parent}/", **texts}.items():
        script = script.replace(old, new)
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=clean_environ() | {"FLASK_APP": "flask_things"} | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # as on a terminal
        text=True,
        timeout=120,
    )
    return run.stdout.split("\0")


needs_curl = pytest.mark.skipif(
    not shutil.which("curl") and "CI" not in os.environ, reason="there is no curl on this machine"
)
