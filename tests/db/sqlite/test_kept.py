"""Connections for single-row reads and writes stay open, without other state."""

import pytest

from flask_things.db.backend import Unavailable
from flask_things.db.session import backend_of, db
from flask_things.db.sqlite.file import sqlite3
from flask_things.db.sqlite.file_identity import Identity
from tests.support import things

pytestmark = pytest.mark.sqlite


@pytest.fixture
def session(app):
    """Return the session of a request."""
    with app.app_context():
        yield db.session


def test_writes_use_one_connection_that_is_kept(session):
    for text in "xyz":
        things.create_thing(session, text=text)
        assert db.engine.pool.checkedout() == 1
    assert len(things.list_things(session)) == 3


def test_an_error_releases_it(session):
    with pytest.raises(things.NotFound):
        things.delete_thing(session, 1)
    assert db.engine.pool.checkedout() == 0


def test_before_a_fork_it_is_closed(session):
    """SQLite's locks do not survive a fork."""
    things.create_thing(session, text="x")
    kept = backend_of(session)._writers._idle[0].connection.driver_connection
    db.engine.dispose()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        kept.execute("SELECT 1")
    assert things.create_thing(session, text="y").id == 2


def test_a_file_that_was_replaced_is_not_written(session, file):
    things.create_thing(session, text="x")
    file.rename(file.with_name("old"))
    file.write_bytes(b"another")
    with pytest.raises(Unavailable):
        things.create_thing(session, text="y")


def test_reads_use_another_one_that_is_kept(session):
    things.create_thing(session, text="x")
    for _ in range(3):
        assert things.get_thing(session, 1).text == "x"
        assert db.engine.pool.checkedout() == 2


def test_a_connection_opened_on_a_read_only_disk_is_not_kept(session, monkeypatch):
    """It would not see the writes of others."""
    things.create_thing(session, text="x")
    monkeypatch.setattr(Identity, "is_writable", lambda _identity: False)
    assert things.get_thing(session, 1).text == "x"
    assert db.engine.pool.checkedout() == 1
