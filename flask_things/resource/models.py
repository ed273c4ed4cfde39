"""The tables."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Computed,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Text,
    event,
    inspect,
    literal_column,
    update,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, validates

from flask_things.db.session import db
from flask_things.db.types import TEXT_FORBIDDEN, TEXT_MAX_CHARACTERS, UTCDateTime
from flask_things.db.types import Text as CheckedText
from flask_things.resource.search import THINGS, fold

#: By how much of a text things are sorted, in characters: an index over whole ones would be too
#: big, and a cursor, which holds it, too long for a URL.
HEAD_CHARACTERS = 200


def checked(text: str) -> str:
    """Return a text that every database can store, or raise ValueError."""
    if len(text) > TEXT_MAX_CHARACTERS or TEXT_FORBIDDEN.search(text):
        raise ValueError(
            f"A text has at most {TEXT_MAX_CHARACTERS} characters, no U+0000 among them "
            "and no lone surrogate."
        )
    return text


def written(text: str) -> dict[str, str]:
    """Return what is stored of a text, or raise ValueError."""
    return {"text": checked(text), "folded": fold(text)}


UNFOLDED: ColumnElement[bool] = literal_column("folded IS NULL")


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def _created_at(context: DefaultExecutionContext) -> Any:
    # Of an INSERT of several rows in one statement, SQLAlchemy fails to tell the row's own.
    given = context.get_current_parameters(False)  # type: ignore[no-untyped-call]
    return given.get("created_at") or utc_now()


class Thing(db.Model):  # type: ignore[name-defined]
    """A thing.

    The rules for other programs that write are in the migrations 0004 and 0005.
    """

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    text: Mapped[str] = mapped_column(CheckedText)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=_created_at, onupdate=utc_now)
    revision: Mapped[int] = mapped_column(
        Integer, server_default="1", onupdate=literal_column("revision + 1")
    )

    #: What things are sorted by when it is by text.
    head: Mapped[str] = mapped_column(
        Text, Computed(f"substr(text, 1, {HEAD_CHARACTERS})", persisted=False), deferred=True
    )
    #: What a search goes through; NULL where the text was written past this class (see search.py).
    folded: Mapped[str | None] = mapped_column(Text, deferred=True)

    __table_args__ = (
        Index("ix_thing_created_at", "created_at", "id"),
        Index("ix_thing_updated_at", "updated_at", "id"),
        Index("ix_thing_head", "head", "id"),
        Index("ix_thing_unfolded", "id", sqlite_where=UNFOLDED, postgresql_where=UNFOLDED),
        # AUTOINCREMENT: the id of a deleted thing is not given again.
        {"sqlite_autoincrement": True},
    )
    # A thing that was read and is written later, as in a shell, is not written over another's
    # change: SQLAlchemy raises StaleDataError. Over HTTP the write lock sees to that.
    __mapper_args__ = {"version_id_col": revision}

    @validates("text")
    def _fold_text(self, _key: str, text: str) -> str:
        if checked(text) != self.text:
            self.folded = fold(text)
        return text

    def __repr__(self) -> str:
        return f"<Thing {self.id}: {self.text[:60]!r}>"


@event.listens_for(Thing, "after_update")
def _fold_again(_mapper: Any, connection: Connection, thing: Thing) -> None:
    """Fill what the trigger empties where the case alone was changed, so that no search has to."""
    before: Any = inspect(thing).attrs["text"].history.deleted
    if before and fold(before[0]) == (folded := fold(thing.text)):
        connection.execute(update(THINGS).where(THINGS.c.id == thing.id).values(folded=folded))


class Token(db.Model):  # type: ignore[name-defined]
    """What lets a client in."""

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # of the secret
    read_only: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # Keys of requests are kept under the id.
    __table_args__ = ({"sqlite_autoincrement": True},)


class KeptAnswer(db.Model):  # type: ignore[name-defined]
    """The answer to a request with an Idempotency-Key, for when it comes again."""

    #: Whose keys: a token, if there was one, a method and a path.
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # of the request's body
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[list[list[str]]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)  # without the texts of the request
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
