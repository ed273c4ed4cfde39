"""Dates and time stamps."""

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect

from flask_things.db.types.checked import Checked


def utc_now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


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
