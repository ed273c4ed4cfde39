"""The collection, as used in `flask shell` and by other code."""

import psycopg
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from flask_things.db.queries import locked
from flask_things.db.session import db, writing
from flask_things.db.sqlite.file import sqlite3
from tests.support.things import (
    NotFound,
    Thing,
    create_thing,
    create_things,
    get_thing,
    list_things,
    update_thing,
)


@pytest.fixture
def session(app):
    """Return a session that stays open, as in a shell."""
    with app.app_context():
        yield db.session


def change(connection, text):
    """Change the text of every thing outside the application."""
    connection.execute(f"UPDATE thing SET text = '{text}'")
    connection.commit()


def test_a_thing_written_by_hand_gets_its_times(app):
    with app.app_context():
        thing = Thing(text="x")
        db.session.add(thing)
        db.session.commit()
        made = thing.updated_at
        thing.text = "y"
        db.session.commit()
        assert thing.created_at == made < thing.updated_at


@pytest.mark.parametrize("text", ["a\x00", "\ud800", "x" * 100_001])
def test_a_text_that_not_every_database_takes_cannot_be_written_by_hand(session, text):
    session.add(Thing(text=text))
    with pytest.raises(StatementError, match=r"U\+0000"):
        session.flush()


@pytest.mark.parametrize("text", ["a\x00", "\ud800", "x" * 100_001])
def test_a_text_that_not_every_database_takes_cannot_be_written_to_many_rows(session, text):
    create_thing(session, text="x")
    for statement in (update(Thing).values(text=text), insert(Thing).values(text=text)):
        with pytest.raises(StatementError, match=r"U\+0000"):
            session.execute(statement)


@pytest.mark.parametrize("wrong", [{"id": 50}, {"txt": "typo"}])
def test_a_field_that_cannot_be_changed_is_refused(session, wrong):
    create_thing(session, text="x")
    with pytest.raises(TypeError):
        update_thing(session, 1, **wrong)


@pytest.mark.parametrize("thing_id", [-1, 0, 2**63, 10**30])
def test_an_id_out_of_range_is_of_no_thing(session, thing_id):
    with pytest.raises(NotFound, match=str(thing_id)):
        get_thing(session, thing_id)


def test_an_open_shell_blocks_nothing_and_sees_writes_of_others(session, connection):
    create_thing(session, text="x")
    assert [get_thing(session, 1).text, session.get(Thing, 1).text] == ["x", "x"]
    change(connection, "y")
    assert get_thing(session, 1).text == "y"
    change(connection, "z")
    assert [thing.text for thing in list_things(session)] == ["z"]


def test_a_reader_does_not_make_a_writer_wait(session, connection):
    create_thing(session, text="x")
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM thing").fetchall()
    assert update_thing(session, 1, text="y").text == "y"


def test_rows_locked_by_a_write_do_not_change_before_it(session, connection):
    create_thing(session, text="x")
    with writing(session):
        locked(session, select(Thing.id))
        with pytest.raises((sqlite3.OperationalError, psycopg.OperationalError), match="lock"):
            change(connection, "y")


def test_a_write_that_fails_lets_others_write(session, connection):
    with pytest.raises(NotFound):
        update_thing(session, 7, text="x")
    change(connection, "y")


def test_several_writes_can_be_one(session, connection):
    with pytest.raises(NotFound), writing(session):
        create_thing(session, text="x")
        update_thing(session, 7, text="y")
    assert connection.execute("SELECT count(*) FROM thing").fetchone() == (0,)


def test_pending_changes_of_a_session_are_part_of_the_write(session, connection):
    with writing(session):
        session.add(Thing(text="x"))
    assert connection.execute("SELECT text FROM thing").fetchone() == ("x",)


def test_an_empty_list_stores_nothing(session):
    assert create_things(session, []) == list_things(session) == []


def test_a_loaded_thing_in_a_shell_shows_the_write(session):
    create_thing(session, text="x")
    thing = session.get(Thing, 1)
    update_thing(session, 1, text="y")
    assert thing.text == "y"


@pytest.mark.parametrize("text", ["a\x00", "\ud800", "x" * 100_001])
def test_a_text_that_not_every_database_takes_is_refused_by_the_store(session, text):
    with pytest.raises(ValueError, match=r"^A text must have"):
        create_thing(session, text=text)
    create_thing(session, text="x")
    with pytest.raises(ValueError, match=r"^A text must have"):
        update_thing(session, 1, text=text)


def test_a_created_thing_is_returned_even_if_it_is_already_deleted(session, connection):
    thing = create_thing(session, text="x")
    connection.execute("DELETE FROM thing")
    connection.commit()
    assert (thing.id, thing.text) == (1, "x")


def test_a_thing_changed_by_another_is_not_overwritten(session):
    """A shell may write a thing long after it was read."""
    create_thing(session, text="x")
    thing = session.get(Thing, 1)
    with Session(session.get_bind()) as other:
        update_thing(other, 1, text="theirs")
    thing.text = "mine"
    with pytest.raises(StaleDataError):
        session.commit()
