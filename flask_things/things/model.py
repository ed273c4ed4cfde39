"""The table of things."""

from sqlalchemy.orm import Mapped, mapped_column

from flask_things.db.types import Text
from flask_things.resource.tables.record import Record


class Thing(Record):
    """A thing: a text."""

    text: Mapped[str] = mapped_column(Text(), doc="Any text, without U+0000.")
