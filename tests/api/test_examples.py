"""Examples that follow from schemas; tests/contract checks those of every resource."""

import pytest
from jsonschema import Draft202012Validator

from flask_things.api.examples import example_of

SCHEMAS = {"Row": {"type": "object", "properties": {"id": {"type": "integer", "minimum": 1}}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 10, "maxLength": 12},
        {"type": "string", "maxLength": 2},
        {"type": "integer", "minimum": 5},
        {"type": "integer", "maximum": -5},
        {"type": ["number", "null"]},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["string", "null"], "enum": ["a", None]},
        {"type": "string", "const": "a"},
        {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        {"type": "object"},
    ],
)
def test_an_example_is_valid_by_its_schema(schema):
    Draft202012Validator(schema).validate(example_of(schema, {}))


def test_a_schemas_own_example_takes_precedence():
    assert example_of({"type": "string", "default": "a", "examples": ["b"]}, {}) == "b"


def test_a_reference_is_followed():
    row = {"$ref": "#/components/schemas/Row"}
    assert example_of({"type": "array", "items": row}, SCHEMAS) == [{"id": 1}]
    assert example_of({"type": ["object", "null"], "anyOf": [row]}, SCHEMAS) == {"id": 1}
