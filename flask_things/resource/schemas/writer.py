"""Rows as JSON and CSV, by functions made once: a dump by marshmallow takes ten times as long.

A value may be as its column's type loads it, or as the driver has it: SQLite stores a time stamp
almost as clients get it, and to parse and format it would take longer than all the rest.
"""

import json
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from functools import partial
from json.encoder import encode_basestring  # undocumented: what JSONEncoder calls for a string
from operator import call, itemgetter
from typing import Any, NamedTuple

from marshmallow import Schema, missing
from sqlalchemy import Column, Table

from flask_things.db import types
from flask_things.http.json_provider import JSONProvider
from flask_things.resource.schemas.fields import AnyField, Text, moment, write_text

Write = Callable[[Any], str]

#: Returns JSON without spaces and escapes.
encode: Write = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=JSONProvider.default
).encode


class Way(NamedTuple):
    """How a field is written: where it goes in JSON, what makes a text for there, and for CSV."""

    form: str
    json: Write
    text: Write


class Writer:
    """Writes rows as a schema shows them. Their first values are those of a table's columns."""

    def __init__(self, schema: type[Schema], table: Table, own: Collection[str] = ()) -> None:
        """Make it; `own` are the names of fields that are not derived from the columns.

        marshmallow dumps these, from the row as the columns' types load it.
        """
        fields = schema().dump_fields
        own = {name for name in own if not _is_text(fields.get(name), table.c.get(name))}
        #: Whether the values of a row may be as the driver has them.
        self.takes_stored = fields.keys().isdisjoint(own)
        #: The names of the fields.
        self.names = [field.data_key or name for name, field in fields.items()]
        ways = [
            _dumped(name, field) if name in own else _way(f",{encode(name)}:", table.c[name])
            for name, field in fields.items()
        ]
        self._json, self._texts = [way.json for way in ways], [way.text for way in ways]
        self._template = "".join(way.form for way in ways)
        order = table.c.keys()
        places = [None if name in own else order.index(name) for name in fields]
        self._values: Callable[[Any], Sequence[Any]] = itemgetter(*places)
        if not self.takes_stored:
            self._values = lambda row: [row if p is None else row[p] for p in places]

    def json(self, row: Any) -> bytes:
        """Return a row as JSON."""
        members = self._template % tuple(map(call, self._json, self._values(row)))
        return f"{{{members[1:]}}}".encode()

    def texts(self, row: Any) -> list[str]:
        """Return the values of a row as CSV has them."""
        return [*map(call, self._texts, self._values(row))]


def _is_text(field: AnyField | None, column: Column[Any] | None) -> bool:
    """Tell whether a field differs from that of a column only in what it accepts."""
    is_derived = type(field) is Text and field.attribute is field.data_key is None
    return is_derived and column is not None and isinstance(column.type, types.Text)


def _dumped(name: str, field: AnyField) -> Way:
    """Return how marshmallow writes a field; it writes none that the row does not have."""
    schema: Any = field.parent
    key = f",{encode(field.data_key or name)}:"

    def dump(row: Any) -> Any:
        return field.serialize(name, row, accessor=schema.get_attribute)

    def member(row: Any) -> str:
        value = dump(row)
        return "" if value is missing else key + encode(value)

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
            return Way('"%s"', moment, moment)
        case types.ExactDecimal(scale=scale):
            write = partial(_decimal, scale)
            return Way('"%s"', write, write)
        case types.JSONObject():
            return Way("%s", _json_object, _json_object)
    raise TypeError(f"There is no way to write {kind!r}.")


def _boolean(value: Any) -> str:
    return "true" if value else "false"


def _decimal(scale: int, value: Decimal | int) -> str:
    """Return a decimal; SQLite stores an integer, the number of its last places."""
    exact = Decimal(value).scaleb(-scale) if isinstance(value, int) else value
    return f"{exact:.{scale}f}"


def _json_object(value: Any) -> str:
    """Return a JSON object; SQLite stores its text, which has been written elsewhere."""
    return encode(json.loads(value) if isinstance(value, str) else value)
