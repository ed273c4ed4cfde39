"""What can be done with things: HTTP and `flask shell` both go through here.

Every function takes a session, and the ones that write commit it.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from flask_things.backend import AnySession
from flask_things.db import find, reading, rows, writing
from flask_things.limits import EXPORT_ROWS, ID_MAX
from flask_things.listing import COLUMNS, Position, count_query, prepare_search, things_query
from flask_things.models import Thing

__all__ = [
    "ThingNotFound",
    "count_things",
    "create_thing",
    "create_things",
    "delete_thing",
    "export_things",
    "get_thing",
    "list_page",
    "list_things",
    "read_thing",
    "update_thing",
]


ONE = select(*COLUMNS).where(Thing.id == bindparam("id"))


class ThingNotFound(LookupError):
    """There is no thing with this id (404)."""

    def __init__(self, thing_id: int) -> None:
        super().__init__(f"There is no thing {thing_id}.")


def list_things(
    session: AnySession,
    *,
    sort: str = "id",
    q: str = "",
    after: Position | None = None,
    limit: int | None = None,
) -> Sequence[Thing]:
    """Return things as the database has them now: all, or those whose text contains `q`.

    `sort` is a name among listing.SORTS, with a `-` before it for the other way round. `after` is
    the place in that order to go on from, and `limit` the most things to return.
    """
    prepare_search(session, q)
    query = things_query(session, sort, q, after, limit)
    return session.scalars(*query, execution_options={"populate_existing": True}).all()


def count_things(session: AnySession, *, q: str = "") -> int:
    """Return how many things there are, or how many whose text contains `q`."""
    prepare_search(session, q)
    return session.scalars(*count_query(session, q)).one()  # type: ignore[no-any-return]


def list_page(
    session: AnySession, *, total: bool, q: str = "", **selection: Any
) -> tuple[Sequence[Row[Any]], int | None]:
    """Return the things that list_things does, as rows that are not to be changed.

    With `total` it also returns what count_things does, at the same moment.
    """
    prepare_search(session, q)
    query = things_query(session, q=q, plain=True, **selection)
    if not total:
        return rows(session, *query), None
    with reading(session):
        return session.execute(*query).all(), count_things(session, q=q)


def export_things(
    session: AnySession, *, sort: str = "id", q: str = ""
) -> Generator[Row[tuple[Any, ...]]]:
    """Return every thing that a list would, one after the other: rows of one snapshot.

    They come from a session of their own, which ends when they do or are closed.
    """
    prepare_search(session, q)
    query, parameters = things_query(session, sort, q, plain=True)

    def started_rows() -> Generator[Any]:
        with Session(session.get_bind()) as own:
            # Without yield_per the ORM would read all of them before the first.
            options = {"yield_per": EXPORT_ROWS}
            with own.execute(query, parameters, execution_options=options) as result:
                yield
                yield from result

    started = started_rows()
    next(started)  # so that an error is raised here, not in the middle of an answer
    return started


def get_thing(session: AnySession, thing_id: int) -> Thing:
    """Return a thing as the database has it now.

    Raises ThingNotFound (404).
    """
    thing = find(session, Thing, thing_id)
    if thing is None:
        raise ThingNotFound(thing_id)
    return thing


def read_thing(session: AnySession, thing_id: int) -> Row[Any]:
    """Return what get_thing does, as a row that is not to be changed.

    Raises ThingNotFound (404).
    """
    found = rows(session, ONE, {"id": thing_id}) if 1 <= thing_id <= ID_MAX else ()
    if not found:
        raise ThingNotFound(thing_id)
    return found[0]


def create_thing(session: AnySession, *, text: str) -> Thing:
    """Store a new thing and return it."""
    return create_things(session, [{"text": text}])[0]


def create_things(session: AnySession, things: Iterable[dict[str, str]]) -> list[Thing]:
    """Store new things, all or none, and return them in their order."""
    stored = [Thing(**fields) for fields in things]
    with writing(session):
        session.add_all(stored)
    return stored


def update_thing(
    session: AnySession,
    thing_id: int,
    *,
    text: str | None = None,
    expect: Callable[[Thing], None] | None = None,
) -> Thing:
    """Change what is given of a thing and return it; `updated_at` moves only if something changes.

    `expect` gets the thing as it is just before, when nobody else can change it any more; what it
    raises is raised, and nothing is changed. Raises ThingNotFound (404).
    """
    with writing(session):
        thing = _expected(session, thing_id, expect)
        if text is not None:
            thing.text = text
    return thing


def delete_thing(
    session: AnySession, thing_id: int, *, expect: Callable[[Thing], None] | None = None
) -> None:
    """Delete a thing; its id is never given again.

    `expect` is as in update_thing. Raises ThingNotFound (404).
    """
    with writing(session):
        thing = _expected(session, thing_id, expect)
        session.delete(thing)


def _expected(session: AnySession, thing_id: int, expect: Callable[[Thing], None] | None) -> Thing:
    thing = get_thing(session, thing_id)
    if expect:
        expect(thing)
    return thing
