"""The README, the pages in docs/, the commands in them, and what they print."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.server import clean_environ

ROOT = Path(__file__).parents[2]

#: The text of each page by its name, such as `README.md` and `http-api.md`.
PAGES = {
    path.name: path.read_text()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
}


def blocks(kind, text):
    """Return the text of every block of a kind."""
    every = re.findall(r"^```(.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [text for its_kind, text in every if its_kind == kind]


def steps(kind, prompt, text):
    """Return every command with what is printed after it."""
    text = "\n" + "".join(blocks(kind, text))
    pairs = [step.partition("\n") for step in text.split(f"\n{prompt} ")[1:]]
    return [(command, printed.strip()) for command, _, printed in pairs]


def timeless(text):
    """Return a text with every moment made the same."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "…", text).strip()


def printed_by(commands, server, **environ):
    """Return what each command prints in a shell, with the server's port and without progress."""
    script = 'curl() { command curl --silent "$@"; }\n' + "printf '\\0'\n".join(
        f"{command}\n" for command in commands
    )
    script = script.replace("localhost:8080", f"localhost:{server.port}")
    run = subprocess.run(
        ["bash", "-c", script],
        env=clean_environ() | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # as on a terminal
        text=True,
        timeout=60,
    )
    return run.stdout.split("\0")


needs_curl = pytest.mark.skipif(
    not shutil.which("curl") and "CI" not in os.environ, reason="there is no curl on this machine"
)
