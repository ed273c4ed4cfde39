"""Fields: JSON output, and values as texts in CSV and filters."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from marshmallow import Schema, ValidationError

from flask_things.resource.schemas import fields
from flask_things.resource.schemas.columns import filter_for
from flask_things.resource.schemas.fields import read_text, write_text
from tests.support.fields import ACCEPTED, FIELDS, Status, documented, values

ANSWERED = [
    ("decimal", Decimal("12.5"), "12.50"),
    ("decimal", Decimal(0), "0.00"),
    ("whole", Decimal(5), "5"),
    ("date", date(1, 2, 3), "0001-02-03"),
    ("moment", datetime(1, 2, 3, tzinfo=UTC), "0001-02-03T00:00:00.000000Z"),
    ("choice", Status.DONE, "done"),
    ("boolean", False, False),
    ("integer", 5, 5),
    ("json", {"a": None}, {"a": None}),
    ("text", "a", "a"),
]


@values(ANSWERED)
def test_a_value_is_answered(name, value, expected):
    assert dumped(name, value) == expected


def dumped(name, value):
    """Return the JSON value of a Python value."""
    return Schema.from_dict({"x": FIELDS[name]})().dump({"x": value})["x"]


@pytest.mark.parametrize("name", FIELDS)
def test_null_is_answered_as_null(name):
    assert dumped(name, None) is None


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, _, value in ACCEPTED])
def test_values_survive_a_round_trip_as_text(name, value):
    written = write_text(dumped(name, value))
    assert isinstance(written, str)
    assert FIELDS[name].deserialize(read_text(FIELDS[name], written)) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("integer", text) for text in ["", "1.0", "01", "+1", "-0", " 1", "1_0", "\u0661"]),
        *(("boolean", text) for text in ["", "1", "0", "True", "yes", "on"]),
        *(("json", text) for text in ["", "[]", "1", "{", "{'a': 1}", '{"a": NaN}', "[" * 9999]),
        *(("date", text) for text in ["", "today"]),
        ("choice", ""),
    ],
)
def test_an_invalid_text_is_rejected(name, text):
    with pytest.raises(ValidationError):
        FIELDS[name].deserialize(read_text(FIELDS[name], text))


def test_an_empty_text_is_null_where_that_is_allowed():
    assert read_text(fields.Integer(allow_none=True), "") is None
    assert read_text(fields.Text(), "") == ""
    assert write_text(None) == ""


def test_a_filter_reads_texts_and_has_no_default():
    done = filter_for(fields.Boolean(load_default=False))
    schema = Schema.from_dict({"done": done})()
    assert schema.load({"done": "true"}) == {"done": True}
    assert schema.load({}) == {}
    with pytest.raises(ValidationError, match="Must be true or false"):
        schema.load({"done": "1"})


def test_a_filter_is_for_values_only():
    """An empty parameter would be neither valid nor documented."""
    due = filter_for(fields.Date(allow_none=True, load_default=None))
    assert documented({"due": due})["due"]["type"] == "string"
    with pytest.raises(ValidationError, match="Must be a date"):
        Schema.from_dict({"due": due})().load({"due": ""})
