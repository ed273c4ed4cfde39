"""Moving from SQLite to PostgreSQL or back: clients do not notice."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from flask_things import create_app
from flask_things.app import RESOURCES
from flask_things.db.session import db
from flask_things.security.tokens import Token
from tests.support.pages import PAGES

MOMENT = "2026-11-22T15:04:05.123456Z"


@pytest.fixture
def elsewhere(engine, tmp_path, postgres):
    """Return an application that requires tokens, with an empty database of the other engine."""
    postgres.execute("CREATE DATABASE elsewhere")
    url = f"sqlite:///{tmp_path}/elsewhere.sqlite3"
    if engine == "sqlite":
        url = postgres.url("elsewhere")
    app = create_app({"THINGS_DATABASE_URL": url, "THINGS_AUTH": "all"})
    yield app
    with app.app_context():
        db.engine.dispose()
    postgres.execute("DROP DATABASE elsewhere WITH (FORCE)")


@pytest.fixture
def flask(runner):
    """Return a function that runs `flask tokens` and returns the result."""
    return lambda *arguments, **options: runner.invoke(args=["tokens", *arguments], **options)


def move(runner, app, folder):
    """Move everything to another application, as the documentation says."""
    for what in ("things", "tokens"):
        file = str(folder / f"{what}.ndjson")
        assert runner.invoke(args=[what, "export", file]).exit_code == 0
        result = app.test_cli_runner().invoke(args=[what, "import", file])
        assert result.exit_code == 0, result.stderr


def bearer(token):
    """Return the header of a request with a token."""
    return {"Authorization": f"Bearer {token}"}


def test_things_and_tokens_are_the_same_after_a_move(
    app, client, runner, flask, elsewhere, tmp_path
):
    flask("create", "first")
    tokens = {
        "writer": flask("create", "writer").stdout.strip(),
        "reader": flask("create", "reader", "--read-only", "--expires", "90").stdout.strip(),
        "expired": flask("create", "expired", "--expires", "1").stdout.strip(),
        "revoked": flask("create", "revoked").stdout.strip(),
    }
    flask("revoke", "revoked")
    with app.app_context():
        past = datetime.now(UTC) - timedelta(days=1)
        db.session.execute(update(Token).where(Token.name == "expired").values(expires_at=past))
        db.session.commit()
    client.post("/things", json={"text": "x"})
    before = client.get("/things/1")
    listed = flask("list").stdout
    move(runner, elsewhere, tmp_path)
    there = elsewhere.test_client()
    after = there.get("/things/1", headers=bearer(tokens["reader"]))
    assert (after.json, after.headers["ETag"]) == (before.json, before.headers["ETag"])
    statuses = {
        name: there.post("/things", json={"text": "x"}, headers=bearer(token)).status_code
        for name, token in tokens.items()
    }
    assert statuses == {"writer": 201, "reader": 403, "expired": 401, "revoked": 401}
    moved = elsewhere.test_cli_runner()
    assert moved.invoke(args=["tokens", "list"]).stdout == listed
    new = moved.invoke(args=["tokens", "create", "new"]).stdout.strip()
    assert there.get("/things", headers=bearer(new)).status_code == 200
    assert there.get("/things", headers=bearer(tokens["revoked"])).status_code == 401


def test_an_export_has_no_secrets_and_is_private_to_its_owner(flask, tmp_path):
    secret = flask("create", "phone").stdout.strip().split("_", 2)[2]
    file = tmp_path / "tokens.ndjson"
    assert flask("export", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret not in file.read_text()
    assert flask("export", "-").stdout == file.read_text()


def test_an_import_skips_existing_tokens(flask):
    for name in "abc":
        flask("create", name)
    exported = flask("export", "-").stdout
    flask("revoke", "b")
    result = flask("import", "-", input=exported)
    assert (result.exit_code, result.stderr) == (0, "1 stored, 2 already there.\n")


def line(**fields):
    """Return a line of an export."""
    token = {"id": 7, "name": "x", "digest": "ab" * 32, "read_only": False, "created_at": MOMENT}
    return json.dumps(token | {"expires_at": None} | fields) + "\n"


BAD = {
    "another id": (line(id=8), "Another token has the name x."),
    "another name": (line(name="y"), "Another token has the id 7."),
    "another digest": (line(digest="cd" * 32), "Another token has the id 7."),
    "no id": (line(id=0), "id: Must be at least 1."),
    "the highest id": (line(id=2**63 - 1), "id: Must be at most 9000000000000000000."),
    "a line feed": (line(id=8, name="a\nb"), "name: Must have 1 to 100 printable"),
    "no name": (line(id=8, name=""), "name: Must have 1 to 100 printable"),
    "no digest": (line(id=8, name="y", digest="x"), "digest: Must be hexadecimal."),
    "a short digest": (line(id=8, name="y", digest="ab"), "digest: Must be a SHA-256."),
    "unknown": (line(id=8, name="y", secret="x"), "secret: Unknown field."),  # noqa: S106
    "no end": (line(id=8, name="y").replace(', "expires_at": null', ""), "expires_at: Missing"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_token_that_cannot_be_stored_is_reported_with_its_line(flask, case):
    bad, reason = BAD[case]
    result = flask("import", "-", input=line() + bad)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"1 stored, 0 already there.\nError: Line 2: {reason}")
    assert flask("list").stdout.count("\n") == 1


def test_the_page_on_postgresql_moves_every_table():
    """Each table is exported and imported, except those with short-lived data."""
    for step in ("export", "import"):
        named = re.findall(rf"flask (\w+)s {step}", PAGES["postgresql.md"])
        of_fork = {resource.table.name for resource in RESOURCES}
        assert {*named, "kept_answer", "journal"} | of_fork == set(db.metadata.tables)
