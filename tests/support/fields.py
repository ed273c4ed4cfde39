"""A field of every kind, valid values, and their documentation."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from openapi_spec_validator import validate

from flask_things.resource.schemas import fields
from flask_things.resource.schemas.json_objects import JSONObject


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


def values(cases):
    """Return the cases with their names."""
    return pytest.mark.parametrize(
        ("name", "value", "expected"), cases, ids=[f"{name}-{value!r}" for name, value, _ in cases]
    )


def documented(members):
    """Return the documentation of some fields in the OpenAPI document."""
    plugin = MarshmallowPlugin()
    spec = APISpec(title="x", version="1", openapi_version="3.1.0", plugins=[plugin])
    spec.components.schema("X", schema=Schema.from_dict(members))
    validate({**spec.to_dict(), "paths": {}})
    return spec.to_dict()["components"]["schemas"]["X"]["properties"]
