"""Which things, and in which order: the queries behind lists, counts and exports."""

from operator import gt, lt
from typing import Any

from sqlalchemy import Select, func, literal, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, undefer

from flask_things.db import AnySession, writing
from flask_things.models import Thing
from flask_things.search import (
    GRAM_CHARACTERS,
    INDEX,
    contains,
    fold,
    fold_the_rest,
    in_index,
)

#: What things may be sorted by, each with an index; things that are alike in it come by id.
SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "id": Thing.id,
    "created_at": Thing.created_at,
    "updated_at": Thing.updated_at,
    "text": Thing.head,
}

#: A place in an order: what the thing there is sorted by, and its id.
Position = tuple[Any, int]


def sorted_by(sort: str) -> InstrumentedAttribute[Any]:
    """Return the column that an order goes by; a `-` before its name turns the order round."""
    return SORTS[sort.removeprefix("-")]


def position(thing: Thing, sort: str) -> Position:
    """Return the place of a thing in an order."""
    return getattr(thing, sorted_by(sort).key), thing.id


def things_query(
    sort: str = "id", q: str = "", after: Position | None = None, limit: int | None = None
) -> Select[Any]:
    """Return the query for the things whose text contains `q`, in an order, after a place in it.

    A later page costs what the first costs (https://use-the-index-luke.com/no-offset).
    """
    key = sorted_by(sort)
    descending = sort.startswith("-")
    beyond = lt if descending else gt
    query = _containing(select(Thing), q)
    # Where the search index finds them, its own id is the one that it can go through in order.
    thing_id = INDEX.c.rowid if _is_indexed(q) else Thing.id
    order = [thing_id] if key is Thing.id else [key, thing_id]
    if after and key is Thing.id:
        query = query.where(beyond(thing_id, after[1]))
    elif after and _is_indexed(q):
        place = tuple_(literal(after[0], key.type), after[1])
        query = query.where(beyond(tuple_(key, Thing.id), place))
    elif after:
        # SQLite would seek the first column of a pair only, and walk through all that are alike.
        alike = query.where(key == after[0], beyond(Thing.id, after[1]))
        others = query.where(beyond(key, after[0]))
        parts = (
            select(part.with_only_columns(Thing.id).order_by(*turned).limit(limit).subquery())
            for part, turned in (
                (alike, _turned([Thing.id], descending)),
                (others, _turned(order, descending)),
            )
        )
        page = union_all(*parts).subquery()
        query = select(Thing).join(page, Thing.id == page.c.id)
    return query.options(undefer(key)).order_by(*_turned(order, descending)).limit(limit)


def count_query(q: str = "") -> Select[Any]:
    """Return the query for the number of things whose text contains `q`."""
    return select(func.count()).select_from(_containing(select(Thing.id), q).subquery())


def _containing(query: Select[Any], q: str) -> Select[Any]:
    part = fold(q)
    if part:
        query = query.where(contains(Thing.folded, part))
    if _is_indexed(q):
        query = query.select_from(INDEX).join(Thing, Thing.id == INDEX.c.rowid)
        query = query.where(in_index(part))
    return query


def prepare_search(session: AnySession, q: str) -> None:
    """Fold the texts that something else than the model has written, where a search is to come."""
    unfolded = select(Thing.id).where(Thing.folded.is_(None)).limit(1)
    if q and session.scalars(unfolded).first() is not None:
        with writing(session):
            fold_the_rest(session.connection())


def _is_indexed(q: str) -> bool:
    return len(q) >= GRAM_CHARACTERS


def _turned(columns: list[Any], descending: bool) -> list[Any]:
    return [column.desc() if descending else column.asc() for column in columns]
