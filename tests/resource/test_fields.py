"""The fields: what each takes from JSON and from texts, and what it answers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, ValidationError
from openapi_spec_validator import validate

from flask_things.resource.schemas import fields
from flask_things.resource.schemas.columns import filter_for
from flask_things.resource.schemas.fields import read_text, write_text
from flask_things.resource.schemas.json_objects import JSONObject, merge


class Status(StrEnum):
    """An enum."""

    OPEN = "open"
    DONE = "done"


FIELDS = {
    "text": fields.Text(1, 5),
    "integer": fields.Integer(0, 100),
    "long": fields.Integer(),
    "boolean": fields.Boolean(),
    "decimal": fields.Decimal(5, 2),
    "whole": fields.Decimal(3, 0),
    "fraction": fields.Decimal(2, 2),
    "date": fields.Date(),
    "moment": fields.Moment(),
    "choice": fields.Choice(Status),
    "json": JSONObject(50),
    "reference": fields.Reference("thing"),
}

ACCEPTED = [
    ("text", "a", "a"),
    ("text", "🍏🍏🍏🍏🍏", "🍏🍏🍏🍏🍏"),
    ("text", "\n", "\n"),
    ("integer", 0, 0),
    ("integer", 100, 100),
    ("integer", 1.0, 1),
    ("long", 2**63 - 1, 2**63 - 1),
    ("long", -(2**63), -(2**63)),
    ("boolean", True, True),
    ("boolean", False, False),
    ("decimal", "0", Decimal(0)),
    ("decimal", "999.99", Decimal("999.99")),
    ("decimal", "-0.5", Decimal("-0.5")),
    ("whole", "-999", Decimal(-999)),
    ("fraction", "0.99", Decimal("0.99")),
    ("date", "2024-02-29", date(2024, 2, 29)),
    ("date", "0001-01-01", date(1, 1, 1)),
    ("moment", "2026-11-22T15:04:05Z", datetime(2026, 11, 22, 15, 4, 5, tzinfo=UTC)),
    ("moment", "2026-11-22t15:04:05.5+01:00", datetime(2026, 11, 22, 14, 4, 5, 500000, tzinfo=UTC)),
    ("choice", "open", Status.OPEN),
    ("json", {}, {}),
    ("json", {"a": [1, None, True, 0.5, {"ä": "🍏"}]}, {"a": [1, None, True, 0.5, {"ä": "🍏"}]}),
    ("json", {"a": "x" * 42}, {"a": "x" * 42}),
    ("reference", 1, 1),
    ("reference", 2.0, 2),
]

SHORT, LONG = "Shorter than minimum length 1.", "Longer than maximum length 5."
FORBIDDEN = "Must not contain U+0000 or a lone surrogate."
SMALL, LARGE = "Must be at least 0.", "Must be at most 100."
BOOLEAN = "Must be true or false."
DECIMAL = (
    'Must be a string like "0.00": a decimal number with up to 3 digits before the point and 2 '
    "after it."
)
WHOLE = 'Must be a string like "0": a decimal number with up to 3 digits.'
DATE = "Must be a date like 2026-12-31."
MOMENT = "Not an RFC 3339 time, like 2026-11-22T15:04:05.123456Z."
OBJECT = "Must be a JSON object."

REFUSED = [
    ("text", "", SHORT),
    ("text", "123456", LONG),
    ("text", "a\0", FORBIDDEN),
    ("text", "\ud800", FORBIDDEN),
    ("text", 5, "Not a valid string."),
    ("integer", -1, SMALL),
    ("integer", 101, LARGE),
    ("integer", 1.5, "Not a valid integer."),
    ("integer", float("inf"), "Not a valid integer."),
    ("integer", "1", "Not a valid integer."),
    ("integer", True, "Not a valid integer."),
    ("integer", [], "Not a valid integer."),
    ("boolean", 1, BOOLEAN),
    ("boolean", 0, BOOLEAN),
    ("boolean", "true", BOOLEAN),
    ("boolean", {}, BOOLEAN),
    *(
        ("decimal", value, DECIMAL)
        for value in [
            *(1, 1.5, True, "", "1000", "1.234", "1e2", "NaN", "Infinity", "+1", "01", ".5", "5."),
            *("1 ", "1\n", "1,5", "\u0661", "-"),
        ]
    ),
    ("whole", "1000", WHOLE),
    ("whole", "1.0", WHOLE),
    *(
        ("date", value, DATE)
        for value in [
            *("2026-02-30", "2026-1-1", "20260101", "2026-W01-1", "2026-01-01T00:00:00Z", ""),
            *("0000-01-01", "2026-01-01\n", "\uff12026-01-01", 5, [], True),
        ]
    ),
    *(
        ("moment", value, MOMENT)
        for value in ["2026-11-22T15:04:05", "2026-11-22", "0001-01-01T00:00:00+01:00", 5, []]
    ),
    ("choice", "OPEN", "Must be one of: open, done."),
    ("choice", "", "Must be one of: open, done."),
    ("choice", 1, "Not a valid string."),
    ("json", [], OBJECT),
    ("json", "{}", OBJECT),
    ("json", {"a": "x" * 43}, "Longer than 50 bytes of JSON."),
    ("json", {"a": "ä" * 22}, "Longer than 50 bytes of JSON."),
    ("json", {"a": ["\0"]}, FORBIDDEN),
    ("json", {"\ud800": 1}, FORBIDDEN),
    ("json", {"a": float("inf")}, "Must not contain a number beyond 1.8e308."),
    ("reference", 0, "Must be at least 1."),
    ("reference", 2**63, f"Must be at most {2**63 - 1}."),
    ("reference", "1", "Not a valid integer."),
]


def values(cases):
    """Return the cases with their names."""
    return pytest.mark.parametrize(
        ("name", "value", "expected"), cases, ids=[f"{name}-{value!r}" for name, value, _ in cases]
    )


@values(ACCEPTED)
def test_a_value_is_taken(name, value, expected):
    loaded = FIELDS[name].deserialize(value)
    assert (loaded, type(loaded)) == (expected, type(expected))


@values(REFUSED)
def test_a_value_is_refused_with_a_reason(name, value, expected):
    with pytest.raises(ValidationError) as refused:
        FIELDS[name].deserialize(value)
    [message] = refused.value.messages
    assert message == expected


def test_a_json_object_that_is_nested_deep_is_refused():
    """SQLite, PostgreSQL and Python each have another limit, and some crash beyond it."""
    field, value = JSONObject(10_000), {}
    for _ in range(31):
        value = {"a": value}
    assert field.deserialize(value) == value
    with pytest.raises(ValidationError, match="Nested deeper than 32 levels"):
        field.deserialize({"a": value})


@pytest.mark.parametrize("name", FIELDS)
def test_null_is_refused_unless_it_is_allowed(name):
    with pytest.raises(ValidationError, match="Field may not be null"):
        FIELDS[name].deserialize(None)


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
def test_what_is_written_as_text_is_read_from_it(name, value):
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
def test_a_text_that_stands_for_no_value_is_refused(name, text):
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
    """An empty parameter would be neither a date nor documented."""
    due = filter_for(fields.Date(allow_none=True, load_default=None))
    assert documented({"due": due})["due"]["type"] == "string"
    with pytest.raises(ValidationError, match="Must be a date"):
        Schema.from_dict({"due": due})().load({"due": ""})


DOCUMENTED = {
    "text": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[^\\x00]*$"},
    "integer": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100},
    "long": {"type": "integer", "format": "int64"},
    "boolean": {"type": "boolean"},
    "decimal": {
        "type": "string",
        "pattern": "^-?(0|[1-9][0-9]{0,2})([.][0-9]{1,2})?$",
        "description": "A decimal number with up to 3 digits before the point and 2 after it.",
        "examples": ["0.00"],
    },
    "whole": {
        "type": "string",
        "pattern": "^-?(0|[1-9][0-9]{0,2})$",
        "description": "A decimal number with up to 3 digits.",
        "examples": ["0"],
    },
    "date": {"type": "string", "format": "date", "examples": ["2026-12-31"]},
    "moment": {
        "type": "string",
        "format": "date-time",
        "examples": ["2026-11-22T15:04:05.123456Z"],
    },
    "choice": {"type": "string", "enum": ["open", "done"]},
    "json": {
        "type": "object",
        "additionalProperties": {},
        "description": "At most 50 bytes of JSON.",
    },
    "reference": {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "description": "The id of a thing.",
        "examples": [1],
    },
}


def documented(members):
    """Return how the OpenAPI document describes some fields."""
    plugin = MarshmallowPlugin()
    spec = APISpec(title="x", version="1", openapi_version="3.1.0", plugins=[plugin])
    spec.components.schema("X", schema=Schema.from_dict(members))
    validate({**spec.to_dict(), "paths": {}})
    return spec.to_dict()["components"]["schemas"]["X"]["properties"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_field_is_documented(name):
    assert documented({"x": FIELDS[name]})["x"] == DOCUMENTED[name]


def test_a_field_that_may_be_null_is_documented_so():
    choice = fields.Choice(Status, allow_none=True, load_default=None)
    documents = documented({"date": fields.Date(allow_none=True), "choice": choice})
    assert documents["date"]["type"] == ["string", "null"]
    assert documents["choice"]["type"] == ["string", "null"]
    assert documents["choice"]["enum"] == ["open", "done", None]
    assert documents["choice"]["default"] is None


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_changes_an_object_as_in_the_rfc(target, patch, result):
    assert merge(target, patch) == result
