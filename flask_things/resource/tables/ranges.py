"""Half-open ranges of a column: `…_gte` at or after, `…_lt` before, so that they tile."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column
from sqlalchemy.types import TypeEngine

from flask_things.db.types import Date, ExactDecimal, Integer, UTCDateTime
from flask_things.db.types.numeric import DECIMAL_MAX_DIGITS

#: What every resource has ranges of.
RANGES = ("created_at", "updated_at")

#: How the names of the bounds go on after the column's.
ENDS = ("_gte", "_lt")


def bounds(ranges: Iterable[str]) -> dict[str, str]:
    """Return the parameters of all ranges, each with the name of its column."""
    return {f"{name}{end}": name for name in (*RANGES, *ranges) for end in ENDS}


def bound_type(column: Column[Any]) -> TypeEngine[Any]:
    """Return the type of a bound: a number may be beyond the column's own limits.

    Raises TypeError for a column of another type than a number, a date or a time.
    """
    match column.type:
        case Integer() if not column.foreign_keys:
            return Integer()
        case ExactDecimal(scale=scale):
            return ExactDecimal(DECIMAL_MAX_DIGITS, scale)
        case Date() | UTCDateTime():
            return column.type
    raise TypeError(f"{column}: there are ranges of numbers, dates and times only.")
