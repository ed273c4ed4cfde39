"""Rows as JSON and CSV: the writer's output equals marshmallow's."""

import json

import pytest
from marshmallow import fields as given
from sqlalchemy import insert, select

from flask_things.db.queries import as_stored, rows
from flask_things.db.session import db
from flask_things.resource.schemas import fields
from flask_things.resource.schemas.derived import Fields, derive, own_fields
from flask_things.resource.schemas.fields import write_text
from flask_things.resource.schemas.writer import Writer
from flask_things.things import THINGS
from tests.support.samples import ORDERS, ROWS, Order, create_table

QUERY = select(*ORDERS.table.c).order_by(Order.id)


@pytest.fixture
def session(app):
    """Return a session with orders that have values of every type."""
    with app.app_context():
        create_table(db.engine)
        THINGS.collection.create(db.session, text="x")
        for row in ROWS:
            db.session.execute(insert(Order), row)
        db.session.commit()
        yield db.session


def dumped(schemas, row):
    """Return the output of marshmallow and json for a row."""
    record = schemas.output().dump(row)
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("query", [QUERY, as_stored(QUERY)], ids=["loaded", "stored"])
def test_a_row_is_written_as_it_is_dumped(session, query):
    found, loaded = rows(session, query), rows(session, QUERY)
    assert len(found) == len(ROWS)
    for row, same in zip(found, loaded, strict=True):
        assert ORDERS.writer.json(row) == dumped(ORDERS.schemas, same)
        texts = map(write_text, ORDERS.schemas.output().dump(same).values())
        assert ORDERS.writer.texts(row) == [*texts]


class OrderFields(Fields):
    """Fields that differ from those of the columns, except the first."""

    body = fields.Text(0, 5)
    title = fields.Text(1, 200, data_key="100% title")
    count = fields.Integer(0, 100, as_string=True)
    due = fields.Date(format="%d.%m.%Y")
    length = given.Function(lambda row: len(row.body))
    more = given.Constant(1.5)
    absent = given.String()


def test_own_fields_are_dumped_by_marshmallow(session):
    schemas = derive(Order, {}, OrderFields)
    writer = Writer(schemas.output, dict(ORDERS.table.c), own_fields(OrderFields))
    for row in rows(session, QUERY):
        assert writer.json(row) == dumped(schemas, row)
        assert b'"100% title":' in writer.json(row)
        assert len(writer.texts(row)) == len(writer.names) == len(json.loads(writer.json(row))) + 1


def test_a_text_that_only_accepts_less_is_read_as_it_is_stored():
    for own, is_stored in ({"body": fields.Text(0, 5)}, True), ({"due": fields.Date()}, False):
        kind = type("Own", (Fields,), own)
        writer = Writer(derive(Order, {}, kind).output, dict(ORDERS.table.c), own)
        assert (writer.query(QUERY) is not QUERY) == is_stored


@pytest.mark.parametrize("query", [QUERY, as_stored(QUERY)], ids=["loaded", "stored"])
def test_a_place_in_an_order_is_of_values_as_they_are_loaded(session, query):
    queries = ORDERS.collection.queries
    for sort in queries.sorts:
        for row, same in zip(rows(session, query), rows(session, QUERY), strict=True):
            value, _ = queries.position(row, sort)
            loaded = getattr(same, sort)
            expected = loaded[:200] if isinstance(loaded, str) else loaded
            assert (value, type(value)) == (expected, type(expected))
