"""SQL conditions on stored values, for the triggers that check writes of other programs."""

from decimal import Decimal
from typing import Any

from sqlalchemy.types import TypeEngine

from flask_things.db.objects import literal
from flask_things.db.types import (
    INTEGER_MAX,
    INTEGER_MIN,
    Boolean,
    Choice,
    Date,
    ExactDecimal,
    Integer,
    JSONObject,
    Text,
    UTCDateTime,
)

#: The range of Python's dates.
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"

#: SQLite has no function that checks for UTF-8. But it reads invalid bytes as characters that it
#: writes as different bytes. It does the same with two valid characters, which it reads as U+FFFD.
#: `substr` counts from the start of a text, so a long text is first split into parts.
NOT_UTF_8 = """\
EXISTS (
    WITH RECURSIVE
    written(text) AS (VALUES {values}),
    part(text, start, piece) AS (
        SELECT text, 1, substr(text, 1, 200) FROM written
        WHERE text GLOB '*[^' || char(1) || '-' || char(127) || ']*'
        UNION ALL
        SELECT text, start + 200, substr(text, start + 200, 200)
        FROM part WHERE length(piece) = 200
    ),
    place(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 200),
    letter(c) AS (
        SELECT substr(piece, n, 1) FROM part, place WHERE n <= length(piece)
    )
    SELECT 1 FROM letter
    WHERE c <> char(unicode(c)) AND c NOT IN (char(65534), char(65535))
)"""


def sqlite_condition(kind: TypeEngine[Any], column: str) -> str:
    """Return the condition for allowed values of a type on SQLite, or an empty string."""
    match kind:
        case Text(minimum=minimum, maximum=maximum):
            limits = f"length({column}) BETWEEN {minimum} AND {maximum}"
            return f"typeof({column}) = 'text' AND instr({column}, char(0)) = 0 AND {limits}"
        case Integer(minimum=minimum, maximum=maximum):
            return f"typeof({column}) = 'integer' AND {column} BETWEEN {minimum} AND {maximum}"
        case Boolean():
            return f"{column} IN (0, 1)"
        case Date():
            return f"date({column}, '+0 days') IS {column} AND {column} > '0001'"
        case UTCDateTime():
            return _sqlite_time(column)
        case ExactDecimal(digits=digits):
            limits = f"abs({column}) < {10**digits}"
            return f"typeof({column}) = 'integer' AND {limits}"
        case Choice(enum=enum):
            return f"{column} IN ({_values(enum)})"
        case JSONObject(max_bytes=max_bytes):
            return (
                f"typeof({column}) = 'text' AND json_valid({column}) "
                f"AND json_type({column}) = 'object' "
                f"AND length(CAST({column} AS BLOB)) <= {max_bytes}"
            )
        case _:
            return ""


def _sqlite_time(column: str) -> str:
    """Return the condition for YYYY-MM-DD HH:MM:SS with up to six decimals."""
    second = f"substr({column}, 1, 19)"
    return (
        f"{column} || substr('.000000', length({column}) - 18) "
        f"GLOB '????-??-?? ??:??:??.{6 * '[0-9]'}' "
        # GLOB stops at U+0000.
        f"AND length(CAST({column} AS BLOB)) BETWEEN 19 AND 26 "
        f"AND length({column}) <> 20 "
        # Date arithmetic does not change it, unlike 30 February.
        f"AND datetime({second}, '+0 days') IS {second} "
        f"AND {column} > '0001'"
    )


def postgresql_condition(kind: TypeEngine[Any], column: str) -> str:
    """Return the condition for allowed values of a type on PostgreSQL, or an empty string."""
    match kind:
        case Text(minimum=minimum, maximum=maximum):
            return f"char_length({column}) BETWEEN {minimum} AND {maximum}"
        case Integer(minimum=minimum, maximum=maximum):
            is_any = (minimum, maximum) == (INTEGER_MIN, INTEGER_MAX)
            return "" if is_any else f"{column} BETWEEN {minimum} AND {maximum}"
        case Date():
            return f"{column} BETWEEN '{FIRST_DAY}' AND '{LAST_DAY}'"
        case UTCDateTime():
            return f"{column} BETWEEN '{FIRST_DAY}' AND '{LAST_DAY} 23:59:59.999999'"
        case ExactDecimal(digits=digits, scale=scale):  # NaN is greater than all other numbers
            return f"abs({column}) < {Decimal(10) ** (digits - scale)}"
        case Choice(enum=enum):
            return f"{column} IN ({_values(enum)})"
        case JSONObject(max_bytes=max_bytes):
            size = f"octet_length({column}::text)"
            return f"json_typeof({column}) = 'object' AND {size} <= {max_bytes}"
        case _:
            return ""


def _values(enum: Any) -> str:
    return ", ".join(literal(member.value) for member in enum)


def rule(kind: TypeEngine[Any]) -> str:
    """Return the rule for values of a type, in words."""
    match kind:
        case Text(minimum=minimum, maximum=maximum):
            return f"must have {minimum} to {maximum} characters"
        case Integer(minimum=minimum, maximum=maximum):
            is_any = (minimum, maximum) == (INTEGER_MIN, INTEGER_MAX)
            return "must be an integer" if is_any else f"must be from {minimum} to {maximum}"
        case ExactDecimal(digits=digits, scale=scale):
            return f"must have up to {digits} digits, {scale} of them decimals"
        case JSONObject(max_bytes=max_bytes):
            return f"must be a JSON object of up to {max_bytes} bytes"
        case Date():
            return "must be a date like 2026-12-31"
        case UTCDateTime():
            return "must be a time like 2026-12-31 23:59:59.123456"
        case _:
            return "must be one of its values"
