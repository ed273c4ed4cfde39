"""`flask tokens`, and a server that requires tokens."""

import re

import pytest

from flask_things.db.session import db
from flask_things.security import tokens


@pytest.fixture
def flask(runner):
    """Return a function that runs `flask tokens` and returns the result."""
    return lambda *arguments: runner.invoke(args=["tokens", *arguments])


def test_a_token_is_printed_alone_for_scripts(flask):
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


def test_the_list_shows_the_rights_and_expiry_of_a_token(flask):
    flask("create", "b", "--read-only", "--expires", "90")
    flask("create", "a")
    first, second = flask("list").stdout.splitlines()
    assert re.fullmatch(r"a\treads and writes\tsince \S+\tdoes not expire", first)
    assert re.fullmatch(r"b\treads\tsince \S+\texpires \S+ \S+ UTC", second)


def test_a_revoked_token_is_gone_and_its_name_free(flask):
    old = flask("create", "ci").stdout.removeprefix("things_")
    assert flask("revoke", "ci").exit_code == 0
    assert flask("list").stdout == ""
    new = flask("create", "ci").stdout.removeprefix("things_")
    assert new.split("_")[0] != old.split("_")[0]


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
def test_invalid_arguments_are_rejected_with_a_reason(flask, arguments):
    flask("create", "there")
    result = flask(*arguments)
    assert result.exit_code in {1, 2}
    assert "Error: " in result.stderr
    assert flask("list").stdout.count("\n") == 1
