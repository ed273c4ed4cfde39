"""The field of a column: what its values are in JSON, in CSV and in a query."""

from copy import copy
from functools import partial
from typing import Any

from marshmallow import missing
from sqlalchemy import Column

from flask_things.db import types
from flask_things.resource.schemas.fields import (
    AnyField,
    Boolean,
    Choice,
    Date,
    Decimal,
    Integer,
    Moment,
    Reference,
    Text,
    read_text,
)
from flask_things.resource.schemas.json_objects import JSONObject


def field_for(column: Column[Any], given: AnyField | None = None) -> AnyField:
    """Return the field for a column, or the one that is given, completed.

    It is required, or has a default, and may be null as the column. Raises TypeError for a column
    of another type than ours.
    """
    field = given or _field(column)
    field.allow_none = bool(column.nullable)
    if field.load_default is missing:
        field.load_default = default_of(column)
    field.required = field.load_default is missing
    if callable(field.load_default) and isinstance(field, JSONObject):
        field.document(default=field.load_default())
    return field


def filter_for(field: AnyField) -> AnyField:
    """Return the field for a parameter of the query that has a value of this one, and not NULL."""
    new = copy(field)
    new.required, new.load_default, new.allow_none = False, missing, False
    new.pre_load = [partial(read_text, new)]
    return new


def _field(column: Column[Any]) -> AnyField:
    kind: Any = column.type
    for reference in column.foreign_keys:
        return Reference(reference.column.table.name)
    match kind:
        case types.Text():
            return Text(kind.minimum, kind.maximum)
        case types.Integer():
            return Integer(kind.minimum, kind.maximum)
        case types.Boolean():
            return Boolean()
        case types.ExactDecimal():
            return Decimal(kind.digits, kind.scale)
        case types.Date():
            return Date()
        case types.UTCDateTime():
            return Moment()
        case types.Choice():
            return Choice(kind.enum)
        case types.JSONObject():
            return JSONObject(kind.max_bytes)
    raise TypeError(f"{column}: there is no field for {kind!r}.")


def default_of(column: Column[Any]) -> Any:
    """Return the default of a column, or what makes it; `missing` if it must be given."""
    default: Any = column.default
    if default is None:
        return None if column.nullable else missing
    return (lambda: default.arg(None)) if default.is_callable else default.arg
