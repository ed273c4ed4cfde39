"""`flask things`, `flask orders` …: each resource has its export and import."""

import pytest

from flask_things import create_app
from flask_things.db.session import db
from flask_things.things import THINGS
from tests.support.samples import ORDERS, ROWS, create_table


@pytest.fixture
def runner(app, environ):
    """Return a runner of an application with a second resource."""
    both = create_app(environ, [THINGS, ORDERS])
    with both.app_context():
        create_table(db.engine)
        THINGS.collection.create(db.session, text="x")
        ORDERS.collection.create_many(db.session, ROWS)
    yield both.test_cli_runner()
    with both.app_context():
        db.engine.dispose()


def test_the_help_names_the_resource(runner):
    assert "Write all orders to FILE" in runner.invoke(args=["orders", "export", "--help"]).output
    assert "Write all things to FILE" in runner.invoke(args=["things", "export", "--help"]).output


def test_a_resource_besides_things_has_no_backup(runner):
    """A backup contains the whole database."""
    assert runner.invoke(args=["orders", "backup", "x"]).exit_code == 2


@pytest.mark.sqlite
def test_a_backup_and_a_restore_count_every_resource(runner, tmp_path):
    file = tmp_path / "backup.sqlite3"
    made = runner.invoke(args=["things", "backup", str(file)])
    assert made.stderr == f"{file}: 1 things, {len(ROWS)} orders.\n"
    restored = runner.invoke(args=["things", "restore", "--force", str(file)])
    assert f": 1 things, {len(ROWS)} orders.\n" in restored.stderr
