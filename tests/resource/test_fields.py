"""Fields: accepted and rejected JSON values, and merge patches of objects."""

import pytest
from marshmallow import ValidationError

from flask_things.resource.schemas.json_objects import JSONObject, merge
from tests.support.fields import ACCEPTED, FIELDS, values

SHORT, LONG = "Shorter than minimum length 1.", "Longer than maximum length 5."
FORBIDDEN = "Must not contain U+0000 or a lone surrogate."
SMALL, LARGE = "Must be at least 0.", "Must be at most 100."
BOOLEAN = "Must be true or false."
DECIMAL = (
    'Must be a string such as "0.00": a decimal number with up to 3 digits before the point and 2 '
    "after it."
)
WHOLE = 'Must be a string such as "0": a decimal number with up to 3 digits.'
DATE = "Must be a date such as 2026-12-31."
MOMENT = "Must be an RFC 3339 time such as 2026-11-22T15:04:05.123456Z."
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


@values(ACCEPTED)
def test_a_valid_value_is_accepted(name, value, expected):
    loaded = FIELDS[name].deserialize(value)
    assert (loaded, type(loaded)) == (expected, type(expected))


@values(REFUSED)
def test_a_value_is_refused_with_a_reason(name, value, expected):
    with pytest.raises(ValidationError) as refused:
        FIELDS[name].deserialize(value)
    [message] = refused.value.messages
    assert message == expected


def test_a_json_object_that_is_nested_deep_is_refused():
    """SQLite, PostgreSQL and Python have different limits, and some crash beyond theirs."""
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
