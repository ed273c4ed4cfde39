"""The search index is correct after any write."""

import pytest
from sqlalchemy import func, insert, update

from flask_things.db.session import db
from flask_things.resource.tables.search import triples
from tests.support.things import Thing, delete_thing, get_thing, update_thing


def test_the_index_is_asked_for_all_triples():
    assert triples('abc"abc') == '"abc" AND "bc""" AND "c""a" AND """ab"'


def test_a_changed_text_is_found_and_the_one_before_is_not(having, client):
    having(["before"], "before")
    client.put("/things/1", json={"text": "after"})
    assert len(client.get("/things?q=AFTER").json) == 1
    assert client.get("/things?q=before").json == []


def test_a_thing_whose_id_was_changed_by_hand_is_found(having, client, connection):
    having(["moved"], "moved")
    connection.execute("UPDATE thing SET id = 50")
    connection.commit()
    assert [thing["id"] for thing in client.get("/things?q=moved").json] == [50]


def test_a_deleted_thing_is_not_found(having, client):
    having(["gone"], "gone")
    client.delete("/things/1")
    assert client.get("/things?q=gone").json == []


def by_unit_of_work(session):
    session.add(Thing(text="ÄPFEL"))


def by_insert(session):
    session.execute(insert(Thing).values(text="ÄPFEL"))


def by_insert_of_many(session):
    session.execute(insert(Thing), [{"text": "ÄPFEL"}, {"text": "other"}])


def by_update(session):
    session.add(Thing(text="before"))
    session.flush()
    session.execute(update(Thing).where(Thing.text == "before").values(text="ÄPFEL"))


def by_update_of_an_attribute(session):
    session.add(Thing(text="before"))
    session.flush()
    session.execute(update(Thing).values({Thing.text: "ÄPFEL"}))


def by_an_expression(session):
    session.add(Thing(text="before"))
    session.flush()
    session.execute(update(Thing).values(text=func.replace(Thing.text, "before", "ÄPFEL")))


def by_the_table(session):
    session.execute(insert(Thing.__table__).values(text="before"))
    session.execute(update(Thing.__table__).values(text="ÄPFEL"))


def by_many_values(session):
    session.execute(insert(Thing).values([{"text": "ÄPFEL"}, {"text": "other"}]))


def past_the_application(session):
    now = "2026-11-22 00:00:00"
    connection = session.connection()
    connection.exec_driver_sql(
        f"INSERT INTO thing (text, created_at, updated_at) VALUES ('before', '{now}', '{now}')"
    )
    connection.exec_driver_sql("UPDATE thing SET text = 'ÄPFEL'")


@pytest.mark.parametrize(
    "write",
    [
        by_unit_of_work,
        by_insert,
        by_insert_of_many,
        by_many_values,
        by_update,
        by_update_of_an_attribute,
        by_an_expression,
        by_the_table,
        past_the_application,
    ],
)
def test_rows_written_by_hand_are_found(app, client, write):
    with app.app_context():
        write(db.session)
        db.session.commit()
    assert [thing["text"] for thing in client.get("/things?q=äpfel").json] == ["ÄPFEL"]
    assert [thing["text"] for thing in client.get("/things?q=ä").json] == ["ÄPFEL"]
    assert client.get("/things?q=before").json == []
    assert client.get("/things?q=äpf&total=true").headers["X-Total-Count"] == "1"


@pytest.mark.sqlite
def test_the_index_stays_consistent(app, having, connection):
    """FTS5's integrity check compares the index with the table."""
    having([f"text {n} äöü" for n in range(300)], "x")
    with app.app_context():
        for thing_id in range(1, 300, 3):
            update_thing(db.session, thing_id, text=f"changed {thing_id}")
            delete_thing(db.session, get_thing(db.session, thing_id + 1).id)
    connection.execute(
        "INSERT INTO thing_search (thing_search, rank) VALUES ('integrity-check', 1)"
    )


def test_a_change_of_the_case_alone_is_still_found(having, client):
    having(["Äpfel"], "Äpfel")
    client.put("/things/1", json={"text": "äPFEL"})
    assert [thing["text"] for thing in client.get("/things?q=äpfel").json] == ["äPFEL"]


def test_a_search_writes_nothing(short_wait, app, having, client, connection, lock):
    """Not even after another program has written."""
    having(["before"], "before")
    connection.execute("UPDATE thing SET text = 'by hand'")
    connection.commit()
    lock()
    assert [thing["text"] for thing in client.get("/things?q=HAND").json] == ["by hand"]
