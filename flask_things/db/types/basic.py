"""The base of column types, and types for texts, choices, dates and timestamps."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator

#: The longest text, in characters (code points): a long article.
TEXT_MAX_CHARACTERS = 100_000

#: Characters that no text may have: PostgreSQL cannot store U+0000, and a lone surrogate is not
#: UTF-8.
TEXT_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


class Checked(TypeDecorator[Any]):
    """A type that validates values: a subclass converts them or raises ValueError."""

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the value for the driver."""
        return None if value is None else self._store(value, dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the stored value."""
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
                "or lone surrogates."
            )
        return str(value)


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


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def rfc3339(value: datetime | str) -> str:
    """Return a UTC timestamp as clients get it. A text is one in SQLite's format."""
    if isinstance(value, str):
        return value.replace(" ", "T") + "Z"
    return value.isoformat(timespec="microseconds")[:26] + "Z"


class Date(Checked):
    """A date of the years 1 to 9999."""

    impl = sa.Date
    cache_ok = True
    python_type = date

    def _store(self, value: Any, dialect: Dialect) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise ValueError("A date must not have a time.")
        return value


class UTCDateTime(Checked):
    """A timestamp: an aware datetime in Python, UTC with microseconds in the database."""

    impl = sa.DateTime
    cache_ok = True
    python_type = datetime

    def _store(self, value: Any, dialect: Dialect) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("A timestamp must be a datetime with a time zone.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def _load(self, value: Any, dialect: Dialect) -> datetime:
        return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]
