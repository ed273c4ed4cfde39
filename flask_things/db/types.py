"""Column types: each checks its values on their way to the database, whatever sends them.

Their attributes are the limits. Fields, documents and the checks for other programs (checks.py) are
derived from them.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

#: The longest text, in characters (code points): a long article.
TEXT_MAX_CHARACTERS = 100_000

#: What no text may hold: PostgreSQL cannot store U+0000, and a lone surrogate is not UTF-8.
TEXT_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")

#: The lowest and the highest integer of both databases.
INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1

#: As many decimal digits as an integer of SQLite can always hold.
DECIMAL_MAX_DIGITS = 18


class Checked(TypeDecorator[Any]):
    """A type whose values are checked: a subclass stores them, or raises ValueError."""

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return what the driver gets for a value."""
        return None if value is None else self._store(value, dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the value that was stored."""
        return None if value is None else self._load(value, dialect)

    def _store(self, value: Any, dialect: Dialect) -> Any:
        raise NotImplementedError

    def _load(self, value: Any, dialect: Dialect) -> Any:
        return value


class Text(Checked):
    """A text of `minimum` to `maximum` characters, without U+0000 and lone surrogates."""

    impl = sa.Text
    cache_ok = True
    python_type = str

    def __init__(self, minimum: int = 0, maximum: int = TEXT_MAX_CHARACTERS) -> None:
        super().__init__()
        self.minimum, self.maximum = minimum, maximum

    def _store(self, value: Any, dialect: Dialect) -> str:
        is_text = isinstance(value, str) and self.minimum <= len(value) <= self.maximum
        if not is_text or TEXT_FORBIDDEN.search(value):
            raise ValueError(
                f"A text must have {self.minimum} to {self.maximum} characters, without U+0000 "
                "and lone surrogates."
            )
        return str(value)


class Integer(Checked):
    """An integer from `minimum` to `maximum`, within 64 bits."""

    impl = sa.BigInteger
    cache_ok = True
    python_type = int

    def __init__(self, minimum: int = INTEGER_MIN, maximum: int = INTEGER_MAX) -> None:
        super().__init__()
        self.minimum, self.maximum = minimum, maximum

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use INTEGER on SQLite: no other primary key gives ids by itself."""
        is_sqlite = dialect.name == "sqlite"
        return dialect.type_descriptor(sa.Integer() if is_sqlite else sa.BigInteger())

    def _store(self, value: Any, dialect: Dialect) -> int:
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if not is_integer or not self.minimum <= value <= self.maximum:
            raise ValueError(f"An integer must be from {self.minimum} to {self.maximum}.")
        return int(value)


class Boolean(Checked):
    """True or false, not 1 or 0."""

    impl = sa.Boolean
    cache_ok = True
    python_type = bool

    def _store(self, value: Any, dialect: Dialect) -> bool:
        if not isinstance(value, bool):
            raise ValueError("A boolean must be True or False.")
        return value


class Date(Checked):
    """A date of the years 1 to 9999."""

    impl = sa.Date
    cache_ok = True
    python_type = date

    def _store(self, value: Any, dialect: Dialect) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise ValueError("A date must be a date without a time.")
        return value


class UTCDateTime(Checked):
    """A time stamp: an aware datetime in Python, UTC with microseconds in the database."""

    impl = sa.DateTime
    cache_ok = True
    python_type = datetime

    def _store(self, value: Any, dialect: Dialect) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("A time stamp must be a datetime with a time zone.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def _load(self, value: Any, dialect: Dialect) -> datetime:
        return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]


class ExactDecimal(Checked):
    """A decimal of up to `digits` digits, `scale` of which are behind the point.

    SQLite stores an integer, the number of its last places. So it is exact, and sorts as a number.
    """

    impl = sa.Numeric
    cache_ok = True
    python_type = Decimal

    def __init__(self, digits: int, scale: int) -> None:
        super().__init__(digits, scale)
        if not 0 <= scale <= digits <= DECIMAL_MAX_DIGITS:
            raise ValueError(f"A decimal may have up to {DECIMAL_MAX_DIGITS} digits.")
        self.digits, self.scale = digits, scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use an integer on SQLite, whose own decimals are floats."""
        is_sqlite = dialect.name == "sqlite"
        impl = sa.Integer() if is_sqlite else sa.Numeric(self.digits, self.scale)
        return dialect.type_descriptor(impl)

    def _store(self, value: Any, dialect: Dialect) -> Decimal | int:
        places = self._places(value) if isinstance(value, Decimal) and value.is_finite() else None
        if places is None:
            raise ValueError(f"A decimal may have {self.digits} digits, {self.scale} decimals.")
        return places if dialect.name == "sqlite" else Decimal(places).scaleb(-self.scale)

    def _places(self, value: Decimal) -> int | None:
        """Return the number of last places, or None if the value does not fit."""
        # The integers of a value like 1E+999999 would take seconds.
        if value and not -self.scale <= value.adjusted() < self.digits - self.scale:
            return None
        numerator, denominator = value.as_integer_ratio()
        places, rest = divmod(numerator * 10**self.scale, denominator)
        return None if rest else places

    def _load(self, value: Any, dialect: Dialect) -> Decimal:
        return Decimal(value).scaleb(-self.scale) if dialect.name == "sqlite" else value


class Choice(Checked):
    """A member of `enum`, stored as its text."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    @property
    def python_type(self) -> type[StrEnum]:
        """Return the enum."""
        return self.enum

    def _store(self, value: Any, dialect: Dialect) -> str:
        return self.enum(value).value

    def _load(self, value: Any, dialect: Dialect) -> StrEnum:
        return self.enum(value)


class JSONObject(Checked):
    """A JSON object of up to `max_bytes` bytes, as `compact` writes it."""

    impl = sa.JSON
    cache_ok = True
    python_type = dict

    def __init__(self, max_bytes: int) -> None:
        super().__init__(none_as_null=True)
        self.max_bytes = max_bytes

    def _store(self, value: Any, dialect: Dialect) -> Mapping[str, Any]:
        try:
            size = len(compact(value).encode()) if isinstance(value, dict) else 0
        except (TypeError, RecursionError) as error:
            raise ValueError(f"A JSON object must be JSON: {error}") from error
        if not 0 < size <= self.max_bytes:
            raise ValueError(f"A JSON object may have {self.max_bytes} bytes.")
        return value  # type: ignore[no-any-return]

    def compare_values(self, x: Any, y: Any) -> bool:
        """Tell whether two objects are the same JSON; to Python, True and 1 are the same."""
        return x == y and json.dumps(x, sort_keys=True) == json.dumps(y, sort_keys=True)


def compact(value: Any) -> str:
    """Return JSON without spaces and escapes; raise ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


#: The types of columns that are annotated only, as in `Mapped[int]`.
ANNOTATIONS: dict[Any, TypeEngine[Any]] = {
    str: Text(),
    int: Integer(),
    bool: Boolean(),
    date: Date(),
    datetime: UTCDateTime(),
}
