"""What can be done with things: HTTP and `flask shell` both go through here.

Every function takes a session, and the ones that write commit it.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from flask_things.db.backend import AnySession
from flask_things.db.batches import in_batches
from flask_things.db.errors import NotFound
from flask_things.db.ids import ID_MAX
from flask_things.db.queries import locked, read, rows, stream
from flask_things.db.session import reading, take_turns, writing
from flask_things.http.parsing import BULK_MAX_ITEMS
from flask_things.resource.models import Thing, written
from flask_things.resource.page import PAGE_MAX_BYTES, Page, read_page
from flask_things.resource.search import THINGS, fold
from flask_things.resource.selection import (
    COLUMNS,
    Position,
    count_query,
    prepare_search,
    things_query,
)

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
    "update_thing",
]


#: A thing as it was when it was read or written: a row of values, which is not to be changed.
Stored = Row[Any]

# The statements, made once: to make one takes longer than to execute it.
_THIS = Thing.id == bindparam("thing_id")
ONE = select(*COLUMNS).where(_THIS)
INSERT = insert(Thing.__table__).returning(*COLUMNS, sort_by_parameter_order=True)
UPDATE = update(Thing.__table__).where(_THIS).returning(*COLUMNS)
DELETE = delete(Thing.__table__).where(_THIS)
#: Where the case alone was changed, a trigger has emptied what searches go through.
FOLD = update(THINGS).where(THINGS.c.id == bindparam("thing_id"))


class ThingNotFound(NotFound):
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
) -> Sequence[Stored]:
    """Return things as the database has them now: all, or those whose text contains `q`.

    `sort` is a name among listing.SORTS, with a `-` before it for the other way round. `after` is
    the place in that order to go on from, and `limit` the most things to return.
    """
    prepare_search(session, q)
    return rows(session, *things_query(session, sort, q, after, limit))


def count_things(session: AnySession, *, q: str = "") -> int:
    """Return how many things there are, or how many whose text contains `q`."""
    prepare_search(session, q)
    [(count,)] = rows(session, *count_query(session, q))
    return count  # type: ignore[no-any-return]


def list_page(
    session: AnySession, *, limit: int, total: bool, q: str = "", **selection: Any
) -> Page:
    """Return the first of the things that list_things does, up to `limit` or 8 MB of JSON."""
    prepare_search(session, q)
    selection |= {"q": q, "limit": limit + 1, "max_bytes": PAGE_MAX_BYTES}
    with reading(session) if total else nullcontext():
        query, parameters = things_query(session, **selection)
        page: Page = read(session, query, parameters, partial(read_page, limit=limit))
        return page._replace(total=count_things(session, q=q)) if total else page


def export_things(session: AnySession, *, sort: str = "id", q: str = "") -> Generator[Stored]:
    """Return every thing that a list would, one after the other: rows of one snapshot.

    They come from their own connection, until they end or are closed. Raises Away (503).
    """
    prepare_search(session, q)
    return stream(session, *things_query(session, sort, q))


def get_thing(session: AnySession, thing_id: int) -> Stored:
    """Return a thing as the database has it now.

    Raises ThingNotFound (404).
    """
    return _one(session, rows, thing_id)


def create_thing(
    session: AnySession, *, text: str, expect: Callable[[], None] | None = None
) -> Stored:
    """Store a new thing and return it; `expect` is as in create_things."""
    return create_things(session, [{"text": text}], expect=expect)[0]


def create_things(
    session: AnySession,
    things: Iterable[dict[str, str]],
    *,
    expect: Callable[[], None] | None = None,
) -> Sequence[Stored]:
    """Store new things, all or none, and return them in their order.

    `expect` is called just before, when nobody else who expects something can create things; what
    it raises is raised, and nothing is stored. Of `things` no more than a batch is read ahead.
    """
    batches = in_batches(things, dict, BULK_MAX_ITEMS)
    first = next(batches, [])
    if not first:
        return []
    stored: list[Stored] = []
    with writing(session, alone=len(first) > 1):
        if expect:
            take_turns(session, Thing.__tablename__)
            expect()
        for batch in chain([first], batches):
            new = [written(**fields) for fields in batch]
            stored += rows(session, INSERT, new if len(new) > 1 else new[0])
    return stored


def update_thing(
    session: AnySession,
    thing_id: int,
    *,
    text: str | None = None,
    expect: Callable[[Stored], None] | None = None,
) -> Stored:
    """Change what is given of a thing and return it; `updated_at` moves only if something changes.

    `expect` gets the thing as it is just before, when nobody else can change it any more; what it
    raises is raised, and nothing is changed. Raises ThingNotFound (404).
    """
    with writing(session):
        thing = _expected(session, thing_id, expect)
        if text is None or text == thing.text:
            return thing
        new = {"thing_id": thing_id, **written(text)}
        [changed] = rows(session, UPDATE, new)
        if new["folded"] == fold(thing.text):
            session.execute(FOLD, new)
        return changed


def delete_thing(
    session: AnySession, thing_id: int, *, expect: Callable[[Stored], None] | None = None
) -> None:
    """Delete a thing; its id is never given again.

    `expect` is as in update_thing. Raises ThingNotFound (404).
    """
    with writing(session):
        _expected(session, thing_id, expect)
        session.execute(DELETE, {"thing_id": thing_id})


def _expected(
    session: AnySession, thing_id: int, expect: Callable[[Stored], None] | None
) -> Stored:
    thing = _one(session, locked, thing_id)
    if expect:
        expect(thing)
    return thing


def _one(session: AnySession, find: Any, thing_id: int) -> Stored:
    found = find(session, ONE, {"thing_id": thing_id}) if 1 <= thing_id <= ID_MAX else ()
    if not found:
        raise ThingNotFound(thing_id)
    return found[0]  # type: ignore[no-any-return]
