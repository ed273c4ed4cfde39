"""`flask tokens`, and the server that wants to be told who may."""

import re

import pytest

from flask_things import tokens
from flask_things.config import BadSetting, refuse_open_door
from flask_things.db import db
from tests.server import free_port
from tests.test_settings import ROOT, python


@pytest.fixture
def flask(runner):
    """Return a function that runs `flask tokens` and returns the result."""
    return lambda *arguments: runner.invoke(args=["tokens", *arguments])


def test_a_token_is_shown_alone_so_that_a_script_can_take_it(flask):
    result = flask("create", "ci")
    assert re.fullmatch(r"things_1_[A-Za-z0-9_-]{43}\n", result.stdout)


def test_a_token_itself_is_nowhere_in_the_database(app, flask):
    token = flask("create", "ci").stdout.strip()
    with app.app_context():
        [stored] = tokens.list_tokens(db.session)
        assert len(stored.digest) == 32
        assert token.split("_", 2)[2] not in str(stored)
        assert tokens.find_token(db.session, token) == stored


def test_no_two_tokens_are_alike(flask):
    made = {flask("create", str(n)).stdout.split("_", 2)[2] for n in range(20)}
    assert len(made) == 20


def test_the_list_says_what_a_token_may_and_until_when(flask):
    flask("create", "b", "--read-only", "--expires", "90")
    flask("create", "a")
    first, second = flask("list").stdout.splitlines()
    assert re.fullmatch(r"a\treads and writes\tsince \S+\tdoes not expire", first)
    assert re.fullmatch(r"b\treads\tsince \S+\texpires \S+ \S+ UTC", second)


def test_a_revoked_token_is_gone_and_its_name_free(flask):
    old = flask("create", "ci").stdout
    assert flask("revoke", "ci").exit_code == 0
    assert flask("list").stdout == ""
    assert flask("create", "ci").stdout.split("_")[1] != old.split("_")[1]


BAD = [
    ["create"],
    ["create", ""],
    ["create", " "],
    ["create", "a\nb"],
    ["create", "x" * 101],
    ["create", "x", "--expires", "0"],
    ["create", "x", "--expires", "-1"],
    ["create", "x", "--expires", "soon"],
    ["create", "x", "--expires", "36501"],
    ["create", "there"],
    ["revoke", "nobody"],
]


@pytest.mark.parametrize("arguments", BAD)
def test_what_cannot_be_is_refused_in_words(flask, arguments):
    flask("create", "there")
    result = flask(*arguments)
    assert result.exit_code in {1, 2}
    assert "Error: " in result.stderr
    assert flask("list").stdout.count("\n") == 1


EVERYWHERE = "0.0.0.0"  # noqa: S104 - to see that it is refused
ELSEWHERE = [(EVERYWHERE, 80), ("::", 80), ("[::]", 80), ("192.0.2.1", 80), ("a.example", 80)]
HERE = [("127.0.0.1", 80), ("127.0.0.2", 80), ("::1", 80), ("localhost", 80), "/run/things.sock"]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_that_others_reach_wants_to_be_told_who_may(address):
    with pytest.raises(BadSetting, match=r"^THINGS_AUTH: "):
        refuse_open_door({}, [("127.0.0.1", 80), address])
    for told in ("off", "write", "all"):
        refuse_open_door({"THINGS_AUTH": told}, [address])


def test_an_address_of_this_machine_alone_is_open():
    refuse_open_door({}, HERE)


@pytest.mark.parametrize(
    ("command", "environ"),
    [
        ("-m flask_things", {"HOST": EVERYWHERE}),
        ("-m gunicorn wsgi:app", {"HOST": "::"}),
        ("-m gunicorn wsgi:app --bind 0.0.0.0:{port}", {}),
    ],
)
def test_a_server_with_an_open_door_does_not_start(tmp_path, command, environ):
    database = f"sqlite:///{tmp_path}/db.sqlite3"
    command = command.format(port=free_port()).split()
    start = python(ROOT, *command, THINGS_DATABASE_URL=database, **environ)
    assert start.returncode == 1
    assert start.stderr.splitlines()[-1].startswith("THINGS_AUTH: ")
    assert not list(tmp_path.iterdir())
