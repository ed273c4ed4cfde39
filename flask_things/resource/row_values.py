"""The values of a row: defaults for a new one, and the differences of a change."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, missing
from sqlalchemy import Row, Table

from flask_things.db.errors import Invalid
from flask_things.db.types import utc_now
from flask_things.resource.schemas.columns import default_of

#: The columns that the service sets.
GENERATED = ("id", "created_at", "updated_at", "revision")


class Values:
    """The values of a table's columns, except those that the service sets."""

    def __init__(self, table: Table) -> None:
        self._table, self._types = table.name, {column.name: column.type for column in table.c}
        self._defaults = {c.name: default_of(c) for c in table.c if c.name not in GENERATED}

    def complete(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value for each column but `id`.

        Raises TypeError if one is missing or unknown.
        """
        self._refuse_unknown(fields)
        defaults = {n: default for n, default in self._defaults.items() if n not in fields}
        if needed := [name for name, default in defaults.items() if default is missing]:
            raise TypeError(f"{self._table} needs {', '.join(needed)}.")
        made = {n: default() if callable(default) else default for n, default in defaults.items()}
        now = utc_now()
        return {**fields, **made, "created_at": now, "updated_at": now, "revision": 1}

    def changes(self, row: Row[Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that differ from those of a row.

        A value may be a function that returns the new value for the current one. Raises Invalid
        (422) if it rejects that, and TypeError for an unknown column.
        """
        self._refuse_unknown(fields)
        new = {}
        for name, value in fields.items():
            current = getattr(row, name)
            try:
                following = value(current) if callable(value) else value
            except ValidationError as error:
                raise Invalid({name: error.messages}) from error
            if not self._types[name].compare_values(following, current):
                new[name] = following
        return new

    def _refuse_unknown(self, fields: Mapping[str, Any]) -> None:
        if unknown := fields.keys() - self._defaults.keys():
            raise TypeError(f"{self._table} has no field {', '.join(sorted(unknown))}.")
