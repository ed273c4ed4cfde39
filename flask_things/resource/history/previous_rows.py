"""Previous rows, read from the journal (db/journal.py) as from their table."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Table, cast, func, literal, or_

from flask_things.db.journal import Entry
from flask_things.db.types import Choice, Text
from flask_things.resource.schemas.columns import default_of
from flask_things.resource.tables.triggers import SERVICE


def columns(table: Table, dialect: str) -> list[ColumnElement[Any]]:
    """Return a table's columns as expressions over journal entries.

    A column that was added later has its default in older entries, or NULL if this is allowed.
    """
    return [_filled(column, dialect).label(column.name) for column in table.c]


def readable(table: Table, dialect: str) -> list[ColumnElement[bool]]:
    """Return the conditions for entries whose choices still exist. Others cannot be served."""
    conditions = []
    for column in table.c:
        if isinstance(column.type, Choice):
            text = _value(column.name, Text(), dialect)
            conditions.append(or_(text.is_(None), text.in_([*column.type.enum])))
    return conditions


def _filled(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    value = _value(column.name, column.type, dialect)
    if column.nullable or column.name in SERVICE or column.server_default is None:
        return value
    default = default_of(column)
    given = default() if callable(default) else default
    return func.coalesce(value, literal(given, column.type), type_=column.type)


def _value(name: str, kind: Any, dialect: str) -> ColumnElement[Any]:
    if dialect == "sqlite":
        return func.json_extract(Entry.before, f'$."{name}"', type_=kind)
    return cast(func.json_extract_path_text(Entry.before, name), kind)
