"""The tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Computed,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    Text,
    Update,
    event,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, ORMExecuteState, mapped_column, validates
from sqlalchemy.types import TypeDecorator

from flask_things.db import db
from flask_things.limits import TEXT_FORBIDDEN, TEXT_MAX_CHARACTERS
from flask_things.search import fold


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: an aware datetime in Python, UTC with microseconds in the database."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What it is in Python."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC, without its zone."""
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment with its zone."""
        return value and value.replace(tzinfo=UTC)


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def _now(context: DefaultExecutionContext) -> Any:
    """Return the moment of a new row, the same for all its times."""
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return given.get("created_at") or given.get("updated_at") or utc_now()


def _folded(context: DefaultExecutionContext) -> Any:
    return fold(context.get_current_parameters()["text"])  # type: ignore[no-untyped-call]


class Thing(db.Model):  # type: ignore[name-defined]
    """A thing."""

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=_now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=_now, onupdate=utc_now)

    #: What things are sorted by when it is by text: an index over whole texts would be too big.
    head: Mapped[str] = mapped_column(Text, Computed("substr(text, 1, 200)", False), deferred=True)
    #: What a search goes through: the text without its case, as no database has that alike.
    folded: Mapped[str] = mapped_column(Text, default=_folded, server_default="", deferred=True)

    __table_args__ = (
        Index("ix_thing_created_at", "created_at", "id"),
        Index("ix_thing_updated_at", "updated_at", "id"),
        Index("ix_thing_head", "head", "id"),
        # AUTOINCREMENT: the id of a deleted thing is not given again.
        {"sqlite_autoincrement": True},
    )
    # A thing that was read and is written later, as in a shell, is not written over another's
    # change: SQLAlchemy raises StaleDataError.
    __mapper_args__ = {
        "version_id_col": updated_at,
        "version_id_generator": lambda _before: utc_now(),
    }

    @validates("text")
    def _check_text(self, _key: str, text: str) -> str:
        if len(text) > TEXT_MAX_CHARACTERS or TEXT_FORBIDDEN.search(text):
            raise ValueError(
                f"A text has at most {TEXT_MAX_CHARACTERS} characters, no U+0000 among them "
                "and no lone surrogate."
            )
        if text != self.text:
            self.folded = fold(text)
        return text

    def __repr__(self) -> str:
        return f"<Thing {self.id}: {self.text[:60]!r}>"


@event.listens_for(db.session, "do_orm_execute")
def _fold_in_bulk(state: ORMExecuteState) -> None:
    """Fold the text that an UPDATE of many things gives them."""
    update = state.statement
    if isinstance(update, Update) and state.bind_mapper is Thing.__mapper__:
        text = update.compile().params.get("text")
        if text is not None:
            state.statement = update.values(folded=fold(text))


class KeptAnswer(db.Model):  # type: ignore[name-defined]
    """The answer to a request with an Idempotency-Key, for when it comes again."""

    route: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # of the request's body
    status: Mapped[int]
    headers: Mapped[list[list[str]]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now, index=True)
