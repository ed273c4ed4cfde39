"""The tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, validates
from sqlalchemy.types import TypeDecorator

from flask_things.db import db
from flask_things.limits import TEXT_FORBIDDEN, TEXT_MAX_CHARACTERS


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: an aware datetime in Python, UTC with microseconds in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC, without its zone."""
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment with its zone."""
        return value and value.replace(tzinfo=UTC)


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def _created_at(context: DefaultExecutionContext) -> Any:
    return context.get_current_parameters()["created_at"]  # type: ignore[no-untyped-call]


class Thing(db.Model):  # type: ignore[name-defined]
    """A thing."""

    # AUTOINCREMENT: the id of a deleted thing is not given again.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=_created_at, onupdate=utc_now)

    @validates("text")
    def _check_text(self, _key: str, text: str) -> str:
        if len(text) > TEXT_MAX_CHARACTERS or TEXT_FORBIDDEN.search(text):
            raise ValueError(
                f"A text has at most {TEXT_MAX_CHARACTERS} characters, no U+0000 among them "
                "and no lone surrogate."
            )
        return text

    def __repr__(self) -> str:
        return f"<Thing {self.id}: {self.text[:60]!r}>"
