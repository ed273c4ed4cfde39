"""Notes, perhaps about a thing: a second resource. docs/resources.md explains each part."""

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.resource import Choice, Record, Resource, Text
from flask_things.things import Thing


class Priority(StrEnum):
    """How urgent a note is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Note(Record):
    """A note, perhaps about a thing."""

    title: Mapped[str] = mapped_column(Text(1, 200))
    body: Mapped[str] = mapped_column(Text(0, 20_000), default="")
    done: Mapped[bool] = mapped_column(default=False)
    due: Mapped[date | None]
    priority: Mapped[Priority] = mapped_column(Choice(Priority), default=Priority.NORMAL)
    thing_id: Mapped[int | None] = mapped_column(ForeignKey(Thing.id, ondelete="SET NULL"))


NOTES = Resource(
    "notes",
    Note,
    searched="title",
    filters=("done", "priority", "thing_id"),
    ranges=("due",),
    sorts=("title", "due", "priority"),
    example={"title": "Taxes", "due": "2026-12-31", "priority": "high"},
)
