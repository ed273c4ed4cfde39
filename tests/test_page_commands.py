"""The commands in the README and docs/: each prints what is written below it."""

import re
import sys
from pathlib import Path

import pytest

from tests.support.pages import PAGES, needs_curl, printed_by, steps, timeless
from tests.support.server import python

ROOT = Path(__file__).parents[1]

#: The README creates the first thing, and the page on HTTP goes on with it.
HTTP = PAGES["README.md"] + PAGES["http-api.md"]

TOKENS = PAGES["operations.md"].partition("## Tokens\n")[2].partition("\n## ")[0]


@needs_curl
def test_every_curl_prints_what_is_written(serve):
    calls = [step for step in steps("console", r"$", HTTP) if re.match("curl|etag=|link=", step[0])]
    assert len(calls) == 25
    printed = printed_by([command for command, _ in calls], serve())
    for (command, written), output in zip(calls, printed, strict=True):
        assert timeless(output) == timeless(written), command


@pytest.mark.sqlite
@needs_curl
def test_every_command_about_tokens_prints_what_is_written(serve, environ):
    _, *commands = steps("console", r"$", TOKENS)  # the first starts the server
    assert len(commands) == 6
    flask = f"{sys.executable} -m flask --app flask_things"
    printed = printed_by(
        [command.replace(".venv/bin/flask", flask) for command, _ in commands],
        serve(THINGS_AUTH="write"),
        **environ,
    )

    def shape(text):
        text = re.sub(
            r"things_(\d)_[\w-]+…?|\d{4}-\d\d-\d\d( \d\d:\d\d UTC)?", r"…\1", timeless(text)
        )
        return re.sub(r'"id":\d+', '"id":…', text)

    for (command, written), output in zip(commands, printed, strict=True):
        assert shape(output) == shape(written), command


def test_every_line_of_flask_shell_prints_what_is_written(serve, environ):
    """They come after calls that create 5 things."""
    server = serve()
    server.request("POST", "/things/bulk", [{"text": "x"}] * 5)
    lines = steps("pycon", ">>>", PAGES["storage.md"])
    assert len(lines) == 5
    shell = python(
        *(ROOT, "-m", "flask", "shell"),
        text="".join(f"{command}\n" for command, _ in lines),
        **environ,
    )
    printed = [line.strip() for line in shell.stdout.split(">>>")[1:]]
    assert printed == [output for _, output in lines] + [""], shell.stderr
    assert len(server.request("GET", "/things")[2]) == 5
