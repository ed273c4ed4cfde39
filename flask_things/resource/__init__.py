"""What every resource gets. Resources of your own need these names; see docs/resources.md."""

from flask_things.db.types import Choice, ExactDecimal, Integer, JSONObject, Text
from flask_things.resource.operations import operation
from flask_things.resource.routes import Resource
from flask_things.resource.schemas.derived import Fields
from flask_things.resource.tables.record import Record

__all__ = [
    "Choice",
    "ExactDecimal",
    "Fields",
    "Integer",
    "JSONObject",
    "Record",
    "Resource",
    "Text",
    "operation",
]
