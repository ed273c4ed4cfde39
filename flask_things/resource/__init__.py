"""What every resource gets. A resource of your own needs the names below: see CONTRIBUTING.md."""

from flask_things.db.types import Choice, ExactDecimal, Integer, JSONObject, Text
from flask_things.resource.operations import operation
from flask_things.resource.record import Record
from flask_things.resource.routes import Resource
from flask_things.resource.schemas import Fields

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
