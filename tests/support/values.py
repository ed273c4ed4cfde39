"""Valid and invalid values for fields of any resource, by column type."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from flask_things.db import types
from flask_things.resource.schemas.columns import field_for

#: Fragile texts, ordered by code points.
TEXTS = ["\t tab", "\n", " ", "  spaces  ", '"quoted", one\r\n', "'", "10", "9", "=1+1", ";"]
TEXTS += ["NULL", "\\n", "a", "b", "null", "äpfel", "\u2028", "\ufeff", "\uffff", "🍏"]

#: Shorter texts are numbers in base 36, so that they differ.
SHORT, DIGITS = 10, "0123456789abcdefghijklmnopqrstuvwxyz"

UNSTORABLE = ["a\0b", "\ud800", "\udc00\ud800"]
NO_DECIMALS = ["", "1e2", "NaN", "Infinity", "+1", "01", ".5", "5.", " 1", "-"]
NO_DATES = ["2026-02-30", "2026-1-1", "20260101", "2026-01-01T00:00:00Z", "0000-01-01", ""]
NO_TIMES = ["2026-11-22T15:04:05", "2026-11-22", "2026-02-30T00:00:00Z", ""]
NO_TIMES += ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]

#: Values of every JSON type but null, one of which a field accepts.
WRONG_TYPES = [5, 0, 1.5, True, False, "true", "1", "{}", ["x"], [], {}]


def is_overridden(resource, name):
    """Return whether the author of a resource replaced the field of a column."""
    own, column = resource.schemas.input().fields[name], resource.table.c[name]
    return type(own) is not type(field_for(column))


def value(column, number):
    """Return a value for a column: the `number`th of an ascending series."""
    same = [c for c in column.table.c if type(c.type) is type(column.type) and not c.foreign_keys]
    step = number + 5 * same.index(column)
    match column.type:
        case types.Text(minimum=minimum, maximum=maximum):
            if maximum < SHORT:
                return "".join(DIGITS[number // 36**n % 36] for n in reversed(range(maximum)))
            return f"{number:03} {TEXTS[number % len(TEXTS)]}".ljust(minimum, "x")[:maximum]
        case types.Integer(minimum=minimum, maximum=maximum):
            low = max(minimum, 0) if maximum >= 0 else minimum
            return low + step % min(maximum - low + 1, 1000)
        case types.Boolean():
            return bool(number % 2)
        case types.ExactDecimal(digits=digits, scale=scale):
            return f"{Decimal(step % 10**digits).scaleb(-scale):f}"
        case types.Date():
            return f"{datetime(2024, 2, 27, tzinfo=UTC) + timedelta(days=step):%Y-%m-%d}"
        case types.UTCDateTime():
            moment = datetime(2024, 2, 27, 22, 59, 59, 999_999, tzinfo=UTC) + timedelta(hours=step)
            return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
        case types.Choice(enum=enum):
            return list(enum)[number % len(enum)].value
        case types.JSONObject():
            return {"n": number}
    raise TypeError(column)


def extremes(column):
    """Return fragile valid values, including the limits."""
    match column.type:
        case types.Text(minimum=minimum, maximum=maximum):
            texts = [text.ljust(minimum)[:maximum] for text in TEXTS]
            return ["x" * minimum, *texts, "🍏" * maximum]
        case types.Integer(minimum=minimum, maximum=maximum):
            return [minimum, maximum]
        case types.Boolean():
            return [False, True]
        case types.ExactDecimal(digits=digits, scale=scale):
            most = f"{Decimal(10**digits - 1).scaleb(-scale):f}"
            return [f"-{most}", f"{Decimal(0):.{scale}f}", most]
        case types.Date():
            return ["0001-01-01", "2024-02-29", "9999-12-31"]
        case types.UTCDateTime():
            return ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]
        case types.Choice(enum=enum):
            return [member.value for member in enum]
        case types.JSONObject(max_bytes=size):
            deep = {"a": [1, 1.5, None, True, "ä\n\u2028🍏", {"b": {}}], "": -(2**70)}
            return [{}, deep, {"x": "x" * (size - len('{"x":""}'))}]
    raise TypeError(column)


def invalid(column):
    """Return values that a column's field rejects, with the code and limit of each error."""
    null = [] if column.nullable else [(None, "null", None)]
    other = [value for value in WRONG_TYPES if type(value) not in accepted(column)]
    return [*_invalid(column), *((value, "type", None) for value in other), *null]


def accepted(column):
    """Return the JSON types that a column's field accepts."""
    match column.type:
        case types.Integer():
            return {int}
        case types.Boolean():
            return {bool}
        case types.JSONObject():
            return {dict}
    return {str}


def _invalid(column):
    match column.type:
        case types.Text(minimum=minimum, maximum=maximum):
            short = [("", "too_short", minimum)] if minimum else []
            unstorable = [(text, "not_storable", None) for text in UNSTORABLE]
            return [*unstorable, ("x" * (maximum + 1), "too_long", maximum), *short]
        case types.Integer(minimum=minimum, maximum=maximum):
            low, high = (1, 2**63 - 1) if column.foreign_keys else (minimum, maximum)
            small = [(low - 1, "too_small", low), (-(10**30), "too_small", low)]
            return [*small, (high + 1, "too_large", high), (10**30, "too_large", high)]
        case types.Boolean():
            return []
        case types.ExactDecimal(digits=digits, scale=scale):
            wrong = [*NO_DECIMALS, "1" + "0" * (digits - scale), "0." + "0" * scale + "1"]
        case types.Date():
            wrong = NO_DATES
        case types.UTCDateTime():
            wrong = NO_TIMES
        case types.Choice():
            return [(text, "not_allowed", None) for text in ("no such value", "")]
        case types.JSONObject(max_bytes=size):
            deep = {}
            for _ in range(32):
                deep = {"a": deep}
            unstorable = ({"x": ["a\0b"]}, {"\ud800": 1})
            return [
                ({"x": "x" * size}, "too_long", size),
                (deep, "too_deep", 32),
                *((value, "not_storable", None) for value in unstorable),
            ]
        case _:
            raise TypeError(column)
    return [(text, "format", None) for text in wrong]
