"""Prepared statements behave like SQLAlchemy's Connection on both databases."""

import pytest
from sqlalchemy import bindparam, column, insert, select, table, update
from sqlalchemy.exc import DBAPIError

from flask_things.db.prepared import Prepared
from flask_things.db.queries import rows
from flask_things.db.session import db, writing
from flask_things.db.types import utc_now
from flask_things.things import Thing

COLUMNS = [*Thing.__table__.c]
THIS = Thing.id == bindparam("row_id")
ONE = Prepared(select(*COLUMNS).where(THIS), COLUMNS)
INSERT = Prepared(insert(Thing.__table__).returning(*COLUMNS), COLUMNS)
UPDATE = Prepared(update(Thing.__table__).where(THIS).returning(*COLUMNS), COLUMNS)
MISSING = Prepared(select(column("secret")).select_from(table("missing")), [column("secret")])


@pytest.fixture
def session(app):
    """Return the session of a request."""
    with app.app_context():
        yield db.session


def test_rows_are_those_of_sqlalchemy(client, session):
    client.post("/things", json={"text": "ä"})
    found = ONE.rows(session, {"row_id": 1})
    assert found == rows(session, select(*COLUMNS))
    assert (found[0].text, found[0]._fields) == ("ä", ("id", "text", *list(found[0]._fields[2:])))


def test_written_rows_have_sqlalchemys_values(session):
    with writing(session):
        [new] = INSERT.rows(session, {"text": "x"})
        [changed] = UPDATE.rows(session, {"row_id": new.id, "text": "y"})
    assert (new.revision, changed.revision) == (1, 2)
    assert new.created_at <= new.updated_at < changed.updated_at


def test_the_errors_are_those_of_sqlalchemy(session):
    """Listeners for SQLAlchemy's private events explain and record them."""
    with pytest.raises(DBAPIError):
        MISSING.rows(session, {})
    with pytest.raises(DBAPIError, match="missing"), writing(session):
        MISSING.rows(session, {})
    assert ONE.rows(session, {"row_id": 1}) == []


def test_a_value_that_its_type_refuses_is_a_value_error(session):
    with pytest.raises(ValueError, match="text"), writing(session):
        UPDATE.rows(session, {"row_id": 1, "text": "\0", "updated_at": utc_now()})


def test_an_error_keeps_no_connection(session):
    ONE.rows(session, {"row_id": 1})
    with pytest.raises(DBAPIError):
        MISSING.rows(session, {})
    assert db.engine.pool.checkedout() == 0


@pytest.mark.postgresql
def test_a_connection_that_the_server_has_closed_is_replaced(session, connection):
    ONE.rows(session, {"row_id": 1})
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert ONE.rows(session, {"row_id": 1}) == []
