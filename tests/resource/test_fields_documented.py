"""Fields in the OpenAPI document."""

import pytest

from flask_things.resource.schemas import fields
from tests.support.fields import FIELDS, Status, documented

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
