"""The field of a column: its values in JSON, in CSV and in queries."""

from copy import copy
from functools import partial
from math import inf
from typing import Any

from marshmallow import missing, validate
from sqlalchemy import Column

from flask_things.db import types
from flask_things.http.checks import length
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
from flask_things.resource.schemas.queries import QUERY_MAX_CHARACTERS, BoundMoment
from flask_things.resource.tables.ranges import bound_type


def field_for(column: Column[Any], given: AnyField | None = None) -> AnyField:
    """Return the field of a column, based on `given` if there is one.

    It is required, has a default and may be null like the column. Raises TypeError if the column's
    type is not one of ours.
    """
    field = given or _field(column)
    field.allow_none = bool(column.nullable)
    if column.doc:
        field.metadata = {**field.metadata, "description": column.doc}
    if field.load_default is missing:
        field.load_default = default_of(column)
    field.required = field.load_default is missing
    if callable(field.load_default) and isinstance(field, JSONObject):
        field.document(default=field.load_default())
    return field


def filter_for(field: AnyField) -> AnyField:
    """Return the field of a query parameter for a value of this field, except NULL."""
    new = copy(field)
    new.required, new.load_default, new.allow_none = False, missing, False
    new.pre_load = [partial(read_text, new)]
    lengths = [check for check in new.validators if isinstance(check, validate.Length)]
    if isinstance(new, Text) and all((c.max or inf) > QUERY_MAX_CHARACTERS for c in lengths):
        others = [check for check in new.validators if check not in lengths or check.min]
        new.validators = [*length(0, QUERY_MAX_CHARACTERS), *others]
    return new


def bound_for(column: Column[Any]) -> AnyField:
    """Return the field of a query parameter for a bound of a column."""
    kind = bound_type(column)
    is_moment = isinstance(kind, types.UTCDateTime)
    return filter_for(BoundMoment() if is_moment else _field_of(column, kind))


def _field(column: Column[Any]) -> AnyField:
    for reference in column.foreign_keys:
        return Reference(reference.column.table.name)
    return _field_of(column, column.type)


def _field_of(column: Column[Any], kind: Any) -> AnyField:
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
    raise TypeError(f"{column}: no field supports {kind!r}.")


def default_of(column: Column[Any]) -> Any:
    """Return the default of a column, a function that creates it, or `missing` without one."""
    default: Any = column.default
    if default is None:
        return None if column.nullable else missing
    return (lambda: default.arg(None)) if default.is_callable else default.arg
