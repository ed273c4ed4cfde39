"""Fixtures with a backup and its restore, for all tests."""

import pytest

from flask_things import create_app
from flask_things.db.session import db


@pytest.fixture
def saved(client, file, runner, tmp_path):
    """Return the path of a backup of three things with ids 1, 2 and 4. The id 5 was deleted."""
    client.post("/things/bulk", json=[{"text": text} for text in ("a", "ä\r\n", "gone", "d", "e")])
    client.delete("/things/3")
    client.delete("/things/5")
    client.put("/things/1", json={"text": "A"})
    backup = tmp_path / "backup"
    assert runner.invoke(args=["things", "backup", str(backup)]).exit_code == 0
    return backup


@pytest.fixture
def restore(app, environ, tmp_path):
    """Return a function that restores the backup while the database is closed."""

    def restore(*options, code=0):
        with app.app_context():
            db.engine.dispose()
        runner = create_app(environ).test_cli_runner()  # which has not opened anything yet
        result = runner.invoke(args=["things", "restore", *options, str(tmp_path / "backup")])
        assert (result.exit_code, result.stdout) == (code, ""), result.stderr
        return result.stderr

    return restore
