"""Writes rows as JSON and CSV, in a tenth of the time of marshmallow.

The functions are made once from a schema. They accept values in the form of the column type or of
the driver: SQLite stores a timestamp almost as clients get it, and parsing and formatting it would
take longer than the rest. All types are in this module, so that their forms can be compared.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from json.encoder import encode_basestring  # undocumented: what JSONEncoder calls for a string
from operator import call, itemgetter
from typing import Any, NamedTuple

from marshmallow import Schema, missing
from sqlalchemy import Column, Select

from flask_things.db import types
from flask_things.db.queries import as_stored
from flask_things.http.json_provider import to_json
from flask_things.resource.schemas.fields import AnyField, Text, write_text

Write = Callable[[Any], str]

#: Parsers of texts, for types that cannot be called with a text.
READ: dict[type, Callable[[str], Any]] = {
    bool: "true".__eq__,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


class Way(NamedTuple):
    """How a field is written: its place in the JSON template, and its form in JSON and in CSV."""

    form: str
    json: Write
    text: Write


class Writer:
    """Writes rows in the form of a schema."""

    def __init__(
        self, schema: type[Schema], columns: Mapping[str, Column[Any]], own: Collection[str] = ()
    ) -> None:
        """`columns` are the first columns of a row. `own` names fields that differ from them.

        marshmallow dumps the own fields from loaded rows.
        """
        fields = schema().dump_fields
        own = {name for name in own if not _is_text(fields.get(name), columns.get(name))}
        self._takes_stored = fields.keys().isdisjoint(own)
        #: The names of the fields.
        self.names = [field.data_key or name for name, field in fields.items()]
        ways = [
            _dumped(name, field) if name in own else _way(f",{to_json(name)}:", columns[name])
            for name, field in fields.items()
        ]
        self._json, self._texts = [way.json for way in ways], [way.text for way in ways]
        self._template = "".join(way.form for way in ways)
        order = [*columns]
        places = [None if name in own else order.index(name) for name in fields]
        self._values: Callable[[Any], Sequence[Any]] = itemgetter(*places)
        if not self._takes_stored:
            self._values = lambda row: [row if p is None else row[p] for p in places]

    def query(self, query: Select[Any]) -> Select[Any]:
        """Return a query for rows that are only written, not used otherwise."""
        return as_stored(query) if self._takes_stored else query

    def json(self, row: Any) -> bytes:
        """Return a row as JSON."""
        members = self._template % tuple(map(call, self._json, self._values(row)))
        return f"{{{members[1:]}}}".encode()

    def texts(self, row: Any) -> list[str]:
        """Return the values of a row for CSV."""
        return [*map(call, self._texts, self._values(row))]


def loaded(kind: Any, value: Any) -> Any:
    """Return a value in the form of its column type. It may be in the driver's form."""
    if value is None:
        return None
    python_type = kind.python_type
    return READ.get(python_type, python_type)(_way_of(kind).text(value))


def _is_text(field: AnyField | None, column: Column[Any] | None) -> bool:
    """Return whether a field differs from its column only in validation."""
    is_derived = type(field) is Text and field.attribute is field.data_key is None
    return is_derived and column is not None and isinstance(column.type, types.Text)


def _dumped(name: str, field: AnyField) -> Way:
    """Return how marshmallow writes a field. It omits a field that the row does not have."""
    schema: Any = field.parent
    key = f",{to_json(field.data_key or name)}:"

    def dump(row: Any) -> Any:
        return field.serialize(name, row, accessor=schema.get_attribute)

    def member(row: Any) -> str:
        value = dump(row)
        return "" if value is missing else key + to_json(value)

    def text(row: Any) -> str:
        value = dump(row)
        return "" if value is missing else write_text(value)

    return Way("%s", member, text)


def _way(key: str, column: Column[Any]) -> Way:
    form, write, text = _way_of(column.type)
    if not column.nullable:
        return Way(key + form, write, text)
    return Way(
        f"{key}%s",
        lambda value: "null" if value is None else form % write(value),
        lambda value: "" if value is None else text(value),
    )


def _way_of(kind: Any) -> Way:
    """Return how the values of a type are written."""
    match kind:
        case types.Text() | types.Choice():
            return Way("%s", encode_basestring, str)
        case types.Integer():
            return Way("%s", str, str)
        case types.Boolean():
            return Way("%s", _boolean, _boolean)
        case types.Date():
            return Way('"%s"', str, str)
        case types.UTCDateTime():
            return Way('"%s"', types.rfc3339, types.rfc3339)
        case types.ExactDecimal(scale=scale):
            write = partial(_decimal, scale)
            return Way('"%s"', write, write)
        case types.JSONObject():
            return Way("%s", _json_object, _json_object)
    raise TypeError(f"There is no way to write {kind!r}.")


def _boolean(value: Any) -> str:
    return "true" if value else "false"


def _decimal(scale: int, value: Decimal | int) -> str:
    """Return a decimal. SQLite stores it as an integer, scaled by a power of ten."""
    exact = Decimal(value).scaleb(-scale) if isinstance(value, int) else value
    return f"{exact:.{scale}f}"


def _json_object(value: Any) -> str:
    """Return a JSON object. SQLite stores its text."""
    return to_json(json.loads(value) if isinstance(value, str) else value)
