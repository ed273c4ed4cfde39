"""Half-open ranges: `…_gte` at or after, `…_lt` before. Adjacent ranges do not overlap."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column
from sqlalchemy.types import TypeEngine

from flask_things.db.types import Date, ExactDecimal, Integer, UTCDateTime
from flask_things.db.types.numeric import DECIMAL_MAX_DIGITS

#: The columns with ranges of every resource.
RANGES = ("created_at", "updated_at")

#: The suffixes of the bounds.
ENDS = ("_gte", "_lt")


def bounds(ranges: Iterable[str]) -> dict[str, str]:
    """Return the bounds of all ranges, with the names of their columns."""
    return {f"{name}{end}": name for name in (*RANGES, *ranges) for end in ENDS}


def bound_type(column: Column[Any]) -> TypeEngine[Any]:
    """Return the type of a bound. It may be outside the column's own limits.

    Raises TypeError unless the column is a number, a date or a time.
    """
    match column.type:
        case Integer() if not column.foreign_keys:
            return Integer()
        case ExactDecimal(scale=scale):
            return ExactDecimal(DECIMAL_MAX_DIGITS, scale)
        case Date() | UTCDateTime():
            return column.type
    raise TypeError(f"{column}: only numbers, dates and times have ranges.")
