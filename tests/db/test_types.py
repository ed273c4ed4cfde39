"""Column types: values come back as they were stored, and invalid ones are rejected."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from sqlalchemy import Column, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.db import types
from flask_things.db.session import db

MOMENT = datetime(2026, 12, 31, 23, 59, 59, 123456, UTC)


class Status(StrEnum):
    """The values of a choice."""

    OPEN = "open"
    DONE = "done"


@pytest.fixture
def round_trip(app):
    """Return a function that stores a value in a column of a type and reads it back."""

    def round_trip(column_type, value):
        table = Table("round_trip", MetaData(), Column("value", column_type))
        with app.app_context(), db.engine.connect() as connection:
            table.create(connection)
            connection.execute(insert(table), {"value": value})
            found = connection.execute(select(table).where(table.c.value == value)).all()
            return found[0].value if found else connection.scalar(select(table.c.value))

    return round_trip


STORED = [
    (types.Text(1, 3), "äöü"),
    (types.Text(0, 1), ""),
    (types.Text(0, 1), "🍏"),
    (types.Integer(), 2**63 - 1),
    (types.Integer(), -(2**63)),
    (types.Integer(0, 100), 100),
    (types.Boolean(), True),
    (types.Boolean(), False),
    (types.Date(), date(1, 1, 1)),
    (types.Date(), date(9999, 12, 31)),
    (types.UTCDateTime(), MOMENT),
    (types.UTCDateTime(), datetime.min.replace(tzinfo=UTC)),
    (types.ExactDecimal(10, 2), Decimal("12.50")),
    (types.ExactDecimal(10, 2), Decimal("-99999999.99")),
    (types.ExactDecimal(18, 18), Decimal("0.123456789012345678")),
    (types.ExactDecimal(18, 0), Decimal("999999999999999999")),
    (types.Choice(Status), Status.DONE),
]


@pytest.mark.parametrize(("column_type", "value"), STORED)
def test_a_value_comes_back_as_it_was_stored(round_trip, column_type, value):
    stored = round_trip(column_type, value)
    assert (stored, type(stored)) == (value, column_type.python_type)


def test_a_json_object_comes_back_as_it_was_stored(app):
    value = {"ä": [1, 2.5, None, True, {"b": "🍏"}], "c": 2**70}
    table = Table("round_trip", MetaData(), Column("value", types.JSONObject(100)))
    with app.app_context(), db.engine.connect() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"value": value}, {"value": {}}])
        assert connection.scalars(select(table.c.value)).all() == [value, {}]


@pytest.mark.parametrize("column_type", {type(one): one for one, _ in STORED}.values())
def test_null_comes_back_as_none(round_trip, column_type):
    assert round_trip(column_type, None) is None


def test_a_time_stamp_is_converted_to_utc(round_trip):
    zone = timezone(timedelta(hours=2))
    stored = round_trip(types.UTCDateTime(), MOMENT.astimezone(zone))
    assert (stored, stored.tzinfo) == (MOMENT, UTC)


def test_a_decimal_comes_back_with_all_of_its_decimals(round_trip):
    assert str(round_trip(types.ExactDecimal(10, 2), Decimal("5"))) == "5.00"


def test_a_zero_has_no_sign(round_trip):
    assert str(round_trip(types.ExactDecimal(10, 2), Decimal("-0"))) == "0.00"


def test_a_choice_may_be_given_by_its_text(round_trip):
    assert round_trip(types.Choice(Status), "open") is Status.OPEN


REFUSED = [
    (types.Text(1, 3), ""),
    (types.Text(1, 3), "abcd"),
    (types.Text(), "a\0b"),
    (types.Text(), "\ud800"),
    (types.Text(), b"abc"),
    (types.Text(), 1),
    (types.Integer(), 2**63),
    (types.Integer(0, 100), 101),
    (types.Integer(0, 100), -1),
    (types.Integer(), True),
    (types.Integer(), 1.0),
    (types.Integer(), "1"),
    (types.Boolean(), 1),
    (types.Boolean(), "true"),
    (types.Date(), MOMENT),
    (types.Date(), "2026-12-31"),
    (types.UTCDateTime(), MOMENT.replace(tzinfo=None)),
    (types.UTCDateTime(), date(2026, 12, 31)),
    (types.ExactDecimal(4, 2), Decimal("100")),
    (types.ExactDecimal(4, 2), Decimal("0.001")),
    (types.ExactDecimal(4, 2), Decimal("1." + "0" * 40 + "1")),
    (types.ExactDecimal(4, 2), Decimal("1E+999999")),
    (types.ExactDecimal(4, 2), Decimal("1E-999999")),
    (types.ExactDecimal(4, 2), Decimal("NaN")),
    (types.ExactDecimal(4, 2), Decimal("Infinity")),
    (types.ExactDecimal(4, 2), 1.5),
    (types.Choice(Status), "closed"),
    (types.Choice(Status), "OPEN"),
    (types.JSONObject(10), {"a": "12345"}),
    (types.JSONObject(10), []),
    (types.JSONObject(10), "{}"),
    (types.JSONObject(99), {"a": float("nan")}),
    (types.JSONObject(99), {"a": MOMENT}),
    (types.JSONObject(99), {"a": "\ud800"}),
]


@pytest.mark.parametrize(("column_type", "value"), REFUSED)
def test_a_value_outside_the_limits_is_not_stored(app, column_type, value):
    table = Table("refused", MetaData(), Column("value", column_type))
    with app.app_context(), db.engine.connect() as connection:
        with pytest.raises(StatementError) as raised:
            connection.execute(insert(table), {"value": value})
        assert isinstance(raised.value.orig, ValueError)


def test_the_limits_are_a_part_of_the_cache_key():
    """Otherwise one compiled statement would be used for columns with different limits."""
    first, second = types.Text(1, 2), types.Text(1, 3)
    assert first._static_cache_key != second._static_cache_key


@pytest.mark.parametrize(("digits", "scale"), [(19, 2), (2, 3), (2, -1)])
def test_a_decimal_that_no_integer_of_sqlite_holds_cannot_be_declared(digits, scale):
    with pytest.raises(ValueError, match="18 digits"):
        types.ExactDecimal(digits, scale)


def test_an_annotation_alone_gives_a_column_its_type():
    class Annotated(db.Model):
        """A table whose columns have only annotations."""

        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str]
        due: Mapped[date | None]
        seen: Mapped[datetime]
        done: Mapped[bool]

    table = Annotated.__table__
    db.metadata.remove(table)
    assert [type(column.type) for column in table.columns] == [
        *(types.Integer, types.Text, types.Date, types.UTCDateTime, types.Boolean)
    ]


def test_json_objects_are_compared_as_json():
    """So that imports and sessions detect differences."""
    same = types.JSONObject(99).compare_values
    assert same({"a": 1, "b": {}}, {"b": {}, "a": 1})
    assert not same({"a": 1}, {"a": True})
    assert same(None, None)
