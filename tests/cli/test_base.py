"""`flask …`: help, usage errors and failures of every command."""

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from flask_things import create_app
from flask_things.cli.base import Commands
from tests.support.server import clean_environ, python

FLASK = ("-m", "flask", "--app", "flask_things")


def commands(command, *path):
    """Return the paths of a command and its subcommands."""
    below = getattr(command, "commands", {})
    return [path] + [one for name in below for one in commands(below[name], *path, name)]


EVERY = [path for path in commands(create_app({}).cli) if path]
NEEDS_AN_ARGUMENT = [
    ["things", "backup"],
    ["things", "restore"],
    ["things", "export"],
    ["things", "import"],
    ["tokens", "create"],
    ["tokens", "revoke"],
    ["tokens", "export"],
    ["tokens", "import"],
]


@pytest.fixture
def flask():
    """Return a function that runs a command in this process, without a database."""
    return lambda *arguments: create_app({}).test_cli_runner().invoke(args=arguments)


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_help_is_printed_and_succeeds(flask, path):
    result = flask(*path, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: ")


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_an_unknown_option_is_a_usage_error(flask, path):
    result = flask(*path, "--nonsense")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such option" in result.stderr


@pytest.mark.parametrize("path", NEEDS_AN_ARGUMENT, ids=" ".join)
def test_a_missing_argument_is_a_usage_error(flask, path):
    result = flask(*path)
    assert result.exit_code == 2
    assert "Missing argument" in result.stderr


@pytest.mark.parametrize("group", ["things", "tokens"])
def test_an_unknown_command_is_a_usage_error(flask, group):
    result = flask(group, "nonsense")
    assert result.exit_code == 2
    assert "No such command" in result.stderr


def test_help_of_a_process_succeeds(tmp_path):
    run = python(tmp_path, *FLASK, "things", "backup", "--help")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("Usage: ")


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (click.exceptions.Exit(3), 3, ""),
        (click.Abort(), 1, "Aborted!\n"),
        (KeyboardInterrupt(), 1, "\nAborted!\n"),
        (click.BadParameter("no"), 2, "Usage: group one [OPTIONS]\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_clicks_own_exits_stay_unchanged(error, code, printed):

    def fail():
        raise error

    group = Commands("group", commands={"one": click.Command("one", callback=fail)})
    result = CliRunner().invoke(group, ["one"], prog_name="group")
    assert result.exit_code == code
    assert result.stderr.startswith(printed)


def test_a_bug_is_not_reported_as_a_failure():
    """A bug must print its traceback."""
    group = Commands("group", commands={"one": click.Command("one", callback=lambda: 1 / 0)})
    assert isinstance(CliRunner().invoke(group, ["one"]).exception, ZeroDivisionError)


@pytest.mark.sqlite
@pytest.mark.parametrize("command", ["things export -", "tokens list"])
def test_a_closed_pipe_is_no_error_to_report(client, runner, environ, tmp_path, command):
    """As in `flask things export - | head -1`."""
    client.post("/things", json={"text": "x"})
    runner.invoke(args=["tokens", "create", "phone"])
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [sys.executable, *FLASK, *command.split()],
        cwd=tmp_path,
        env=clean_environ() | environ,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (run.returncode, run.stderr) == (1, b"")
