"""Imports and exports of any model: all types come back, and rejected lines are reported."""

import io
import json

import pytest
from sqlalchemy import insert, select

from flask_things.db.session import db
from flask_things.resource.transfer.exports import csv_lines, ndjson_lines
from flask_things.resource.transfer.imports import Tally, store_records
from flask_things.resource.transfer.records import BadRecord, read_csv, read_ndjson
from flask_things.things import THINGS
from tests.support.samples import ORDERS, ROWS, Order, create_table

KINDS = {"ndjson": (ndjson_lines, read_ndjson), "csv": (csv_lines, read_csv)}
MOMENT = "2026-11-22T15:04:05.123456Z"
SCHEMAS = ORDERS.schemas
COLUMNS = [Order.__table__.c[name] for name in SCHEMAS.record().fields]


@pytest.fixture
def session(app):
    """Return a session with a table of orders, and a thing."""
    with app.app_context():
        create_table(db.engine)
        THINGS.collection.create(db.session, text="x")
        yield db.session


def orders(session):
    """Return every order."""
    return session.execute(select(*COLUMNS).order_by(Order.id)).all()


def take(session, data, kind="ndjson"):
    """Import data, and return the tally and the error."""
    tally, error = Tally(), ""
    _, read = KINDS[kind]
    try:
        records = read(SCHEMAS.record(), io.BytesIO(data.encode()), lambda _size: None)
        store_records(session, Order, records, tally)
    except BadRecord as bad:
        error = str(bad)
    return (tally.stored, tally.skipped), error


def line(**fields):
    """Return a line of NDJSON."""
    order = {"id": 7, "title": "x", "created_at": MOMENT, "updated_at": MOMENT} | fields
    return json.dumps({name: value for name, value in order.items() if value is not ...}) + "\n"


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_comes_back(session, kind):
    for row in ROWS:
        session.execute(insert(Order), row)
    session.commit()
    before = orders(session)
    write, _ = KINDS[kind]
    data = b"".join(write(ORDERS.writer, before)).decode()
    session.execute(Order.__table__.delete())
    session.commit()
    assert take(session, data, kind) == ((len(ROWS), 0), "")
    assert orders(session) == before
    assert take(session, data, kind) == ((0, len(ROWS)), "")


def test_fields_missing_in_an_old_export_get_their_defaults(session):
    data = f"updated_at,title,id,created_at\n{MOMENT},x,7,{MOMENT}\n"
    assert take(session, data, "csv") == ((1, 0), "")
    assert take(session, line()) == ((0, 1), "")
    [order] = orders(session)
    assert (order.body, order.done, order.details, order.slug) == ("", False, {}, None)


@pytest.mark.parametrize("missing", ["id", "title", "created_at", "updated_at"])
def test_csv_must_name_fields_without_a_default(session, missing):
    names = {"id", "title", "created_at", "updated_at"} - {missing}
    tally, error = take(session, ",".join(names), "csv")
    assert tally == (0, 0)
    assert error.startswith("Line 1: The header must name the fields: id,title,body,")


def test_an_unknown_field_of_csv_is_reported(session):
    _, error = take(session, "id,title,created_at,updated_at,colour", "csv")
    assert "Unknown field: 'colour'." in error


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"thing_id": 5}, "thing_id: Refers to a row that does not exist."),
        ({"slug": "taken", "title": "other"}, "Another order has the slug taken."),
        ({"count": 13}, "The database rejected it: "),
        ({"done": "yes"}, "done: Must be true or false."),
        ({"price": 1.5}, 'price: Must be a string such as "0.00"'),
        ({"id": 7, "title": "other"}, "Another order has the id 7."),
        (
            {"id": 7, "slug": "taken", "details": {"a": True}},
            "Another order has the id 7.",
        ),
    ],
)
def test_a_rejected_line_is_reported_and_the_lines_before_are_stored(session, bad, reason):
    data = line(slug="taken", details={"a": 1}) + line(id=8) + line(**{"id": 9, **bad})
    tally, error = take(session, data + line(id=10))
    assert tally == (2, 0)
    assert error.startswith(f"Line 3: {reason}")
    assert [order.id for order in orders(session)] == [7, 8]


def test_a_constraint_in_the_middle_of_an_import_that_is_run_again_is_reported(session):
    data = line() + line(id=8) + line(id=9, thing_id=5)
    take(session, data)
    assert take(session, data)[0] == (0, 2)


def test_unique_fields_may_be_null_many_times(session):
    assert take(session, line() + line(id=8)) == ((2, 0), "")


def test_the_next_id_is_above_those_that_were_imported(session):
    take(session, line(id=500))
    session.execute(insert(Order), {"title": "x"})
    assert [order.id for order in orders(session)] == [500, 501]
