"""The commands in the README and in docs/: each prints what the page shows below it.

Where no test runs a command, the page explains why (NOT_RUN). test_contributing.py follows
resources.md.
"""

import re

import pytest

from tests.support.pages import PAGES, ROOT, assert_shown, blocks, needs_curl, steps
from tests.support.server import python

#: The first command of a page, with the settings of the server for all others.
START = re.compile(r"((?:[A-Z_]+=\S+ )*)make run\b.*")

SERVED = ["README.md", "changes.md", "http-api.md", "operations.md", "storage.md"]

MOVE = "postgresql.md"


@needs_curl
@pytest.mark.sqlite
@pytest.mark.parametrize("name", SERVED)
def test_every_command_prints_the_output_on_its_page(name, serve, environ, tmp_path):
    (start, _), *commands = steps("console", "$", PAGES[name])
    settings = dict(one.split("=") for one in START.fullmatch(start)[1].split())
    here = {"localhost:8080": f"localhost:{serve(**settings).port}"}
    assert commands
    assert_shown(commands, tmp_path, here, **environ)


@needs_curl
@pytest.mark.postgresql
def test_the_calls_print_the_same_on_postgresql(serve, environ, tmp_path):
    _, *commands = steps("console", "$", PAGES["http-api.md"])
    here = {"localhost:8080": f"localhost:{serve().port}"}
    assert_shown(commands, tmp_path, here, **environ)


@pytest.mark.slow
@pytest.mark.sqlite
def test_a_move_to_postgresql_prints_the_output_on_its_page(client, environ, postgres, tmp_path):
    client.post("/things", json={"text": "x"})
    postgres.execute("CREATE DATABASE moved")
    commands = steps("console", "$", PAGES[MOVE])
    there = {"postgresql://things:secret@db.example/things": postgres.url("moved")}
    assert_shown(commands, tmp_path, there, **environ)


def test_no_page_has_other_commands():
    """resources.md is followed by test_contributing.py, and the README repeats a part of it."""
    assert {name for name, text in PAGES.items() if steps("console", "$", text)} == {*SERVED, MOVE}
    guide = "".join(blocks("sh", PAGES["resources.md"])).splitlines()
    assert {name for name, text in PAGES.items() if blocks("sh", text)} == {
        "README.md",
        "resources.md",
    }
    assert set("".join(blocks("sh", PAGES["README.md"])).splitlines()) < set(guide)


@pytest.mark.sqlite
def test_every_line_of_flask_shell_prints_the_output_on_its_page(serve, environ):
    """Before them, the page creates a thing."""
    server = serve()
    server.request("POST", "/things", {"text": "x"})
    lines = steps("pycon", ">>>", PAGES["storage.md"])
    assert len(lines) == 5
    shell = python(
        *(ROOT, "-m", "flask", "shell"),
        text="".join(f"{command}\n" for command, _ in lines),
        **environ,
    )
    printed = [line.strip() for line in shell.stdout.split(">>>")[1:]]
    assert printed == [output for _, output in lines] + [""], shell.stderr
    assert len(server.request("GET", "/things")[2]) == 1
