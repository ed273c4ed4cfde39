"""What can be done with things: HTTP and `flask shell` both go through here.

Every function takes a session, and the ones that write commit it.
"""

from collections.abc import Sequence

from sqlalchemy import select

from flask_things.db import AnySession, find, writing
from flask_things.models import Thing

__all__ = [
    "ThingNotFound",
    "create_thing",
    "delete_thing",
    "get_thing",
    "list_things",
    "update_thing",
]


class ThingNotFound(LookupError):
    """There is no thing with this id (404)."""

    def __init__(self, thing_id: int) -> None:
        super().__init__(f"There is no thing {thing_id}.")


def list_things(session: AnySession) -> Sequence[Thing]:
    """Return every thing as the database has it now, by id."""
    query = select(Thing).order_by(Thing.id).execution_options(populate_existing=True)
    return session.scalars(query).all()


def get_thing(session: AnySession, thing_id: int) -> Thing:
    """Return a thing as the database has it now.

    Raises ThingNotFound (404).
    """
    thing = find(session, Thing, thing_id)
    if thing is None:
        raise ThingNotFound(thing_id)
    return thing


def create_thing(session: AnySession, *, text: str) -> Thing:
    """Store a new thing and return it."""
    with writing(session):
        thing = Thing(text=text)
        session.add(thing)
    return thing


def update_thing(session: AnySession, thing_id: int, *, text: str | None = None) -> Thing:
    """Change what is given of a thing and return it; `updated_at` moves only if something changes.

    Raises ThingNotFound (404).
    """
    with writing(session):
        thing = get_thing(session, thing_id)
        if text is not None:
            thing.text = text
    return thing


def delete_thing(session: AnySession, thing_id: int) -> None:
    """Delete a thing; its id is never given again.

    Raises ThingNotFound (404).
    """
    with writing(session):
        session.delete(get_thing(session, thing_id))
