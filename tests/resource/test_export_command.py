"""`flask things export`: the same output as over HTTP, or an error message."""

import pytest

from flask_things import create_app
from flask_things.db.session import db
from tests.support.things import create_things

TEXTS = [
    "plain", 'a "quoted" one', "a, b", "line\nfeed", "carriage\rreturn", "both\r\n", "", " spaces ",
    "\ttab", "=1+1", "ÄPFEL 🍏", "'", "\u2028\u0085\ufeff", "\\n", ";", "ä" * 100_000, '"' * 65_000,
]  # fmt: skip

KINDS = ["ndjson", "csv"]


@pytest.fixture
def things(app, client):
    """Return things with fragile texts. The last was changed, and one is deleted."""
    with app.app_context():
        create_things(db.session, [{"text": text} for text in ["gone", *TEXTS, "before"]])
    client.delete("/things/1")
    client.put(f"/things/{len(TEXTS) + 2}", json={"text": "after"})
    return client.get("/things").json


@pytest.fixture
def other(tmp_path):
    """Return another application whose database does not exist."""
    app = create_app({"THINGS_DATABASE_URL": f"sqlite:///{tmp_path}/other.sqlite3"})
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_equals_the_servers_response(client, runner, things, tmp_path, kind):
    file = tmp_path / f"things.{kind}"
    result = runner.invoke(args=["things", "export", str(file)])
    assert (result.exit_code, result.output) == (0, "")
    assert file.read_bytes() == client.get(f"/things.{kind}").data
    piped = runner.invoke(args=["things", "export", "--format", kind, "-"])
    assert piped.stdout_bytes == file.read_bytes()


def test_an_export_without_a_database_creates_none(other, tmp_path):
    result = other.test_cli_runner().invoke(args=["things", "export", "-"])
    assert result.exit_code == 1
    assert result.output == f"Error: {tmp_path}/other.sqlite3: No such database.\n"
    assert not (tmp_path / "other.sqlite3").exists()


@pytest.mark.parametrize("what", ["things", "tokens"])
def test_an_export_reports_a_file_that_is_not_a_database(other, tmp_path, what):
    file = tmp_path / "other.sqlite3"
    file.write_bytes(b"a diary" * 1000)
    result = other.test_cli_runner().invoke(args=[what, "export", "-"])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: THINGS_DATABASE_URL: sqlite:///{file}: It is not a")
    assert result.output.count("\n") == 1


def test_an_export_of_an_old_schema_is_refused(app, connection, runner):
    connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.commit()
    result = runner.invoke(args=["things", "export", "-"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr
        == "Error: The schema is not up to date. Start the server once to upgrade it.\n"
    )


@pytest.mark.parametrize("command", ["export", "import"])
def test_a_missing_file_is_reported(app, runner, tmp_path, command):
    result = runner.invoke(args=["things", command, str(tmp_path / "missing/file")])
    assert result.exit_code == 1
    assert result.stderr.endswith(f"Error: {tmp_path}/missing/file: No such file or directory\n")


def test_an_export_that_fails_leaves_the_one_before(monkeypatch, app, client, runner, tmp_path):
    client.post("/things", json={"text": "x"})

    def fail(*_):
        yield b"half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("flask_things.resource.transfer.exports.ndjson_lines", fail)
    (tmp_path / "before").write_text("whole")
    result = runner.invoke(args=["things", "export", str(tmp_path / "before")])
    assert (result.exit_code, result.output) == (1, "Error: No space left on device\n")
    assert (tmp_path / "before").read_text() == "whole"
    assert {path.name for path in tmp_path.iterdir()} <= {"before", "data"}
