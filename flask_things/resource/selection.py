"""Which things, and in which order: the queries behind lists, counts and exports."""

from functools import cache
from operator import gt, lt
from typing import Any

from sqlalchemy import (
    Integer,
    Row,
    Select,
    bindparam,
    func,
    inspect,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from flask_things.db.backend import AnySession
from flask_things.db.queries import rows
from flask_things.db.session import writing
from flask_things.resource import search
from flask_things.resource.models import Thing
from flask_things.resource.search import INDEX, contains, fold_the_rest, in_index, matches

#: What things may be sorted by, each with an index; things that are alike in it come by id.
SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "id": Thing.id,
    "created_at": Thing.created_at,
    "updated_at": Thing.updated_at,
    "text": Thing.head,
}

#: What is read of things that are shown only.
COLUMNS = [getattr(Thing, field.key) for field in inspect(Thing).column_attrs if not field.deferred]

#: A place in an order: what the thing there is sorted by, and its id.
Position = tuple[Any, int]


def sorted_by(sort: str) -> InstrumentedAttribute[Any]:
    """Return the column that an order goes by; a `-` before its name turns the order round."""
    return SORTS[sort.removeprefix("-")]


def position(thing: Row[Any], sort: str) -> Position:
    """Return the place of a thing in an order."""
    return getattr(thing, sorted_by(sort).key), thing.id


def things_query(
    session: AnySession,
    sort: str = "id",
    q: str = "",
    after: Position | None = None,
    limit: int | None = None,
    max_bytes: int | None = None,
) -> tuple[Select[Any], dict[str, Any]]:
    """Return the query for things, with its parameters.

    They are the things whose text contains `q`, in an order, after a place in it. A later page
    costs what the first costs (https://use-the-index-luke.com/no-offset).

    PostgreSQL sends no more of them than the first whose texts together have over `max_bytes`: all
    that it sends is in memory before the first is read. SQLite gives one at a time.
    """
    given = _containing(session, q)
    if after is not None:
        given |= {"after": after[0], "after_id": after[1]}
    if limit is not None:
        given |= {"limit": limit}
    if max_bytes is not None and session.get_bind().dialect.name == "postgresql":
        given |= {"max_bytes": max_bytes}
    return _things(sort, frozenset(given)), given


def count_query(session: AnySession, q: str = "") -> tuple[Select[Any], dict[str, Any]]:
    """Return the query for the number of things whose text contains `q`, with its parameters."""
    given = _containing(session, q)
    things = _found(select(Thing.id), frozenset(given)).subquery()
    count = select(func.count()).select_from(things)
    return count.execution_options(takes_long=True), given


def _containing(session: AnySession, q: str) -> dict[str, Any]:
    return search.parameters(q, session.get_bind().dialect.name)


@cache
def _things(sort: str, parameters: frozenset[str]) -> Select[Any]:
    """Return the query that has certain parameters; once, as to build it takes long."""
    key = sorted_by(sort)
    descending = sort.startswith("-")
    beyond = lt if descending else gt
    after, after_id = bindparam("after", type_=key.type), bindparam("after_id", type_=Thing.id.type)
    limit = bindparam("limit", type_=Integer) if "limit" in parameters else None
    query = _found(select(*COLUMNS, key), parameters)
    # Where the search index finds them, its own id is the one that it can go through in order.
    thing_id = INDEX.c.rowid if "triples" in parameters else Thing.id
    order = [thing_id] if key is Thing.id else [key, thing_id]
    if "after" in parameters and key is Thing.id:
        query = query.where(beyond(thing_id, after_id))
    elif "after" in parameters and "triples" in parameters:
        query = query.where(beyond(tuple_(key, Thing.id), tuple_(after, after_id)))
    elif "after" in parameters:
        # SQLite would seek the first column of a pair only, and walk through all that are alike.
        alike = query.where(key == after, beyond(Thing.id, after_id))
        alike = alike.order_by(*_turned([Thing.id], descending))
        others = query.where(beyond(key, after)).order_by(*_turned(order, descending))
        parts = (
            select(part.with_only_columns(Thing.id).limit(limit).subquery())
            for part in (alike, others)
        )
        page = union_all(*parts).subquery()
        query = select(*COLUMNS, key).join(page, Thing.id == page.c.id)
    query = query.order_by(*_turned(order, descending)).limit(limit)
    if "max_bytes" in parameters:
        query = _cut(query, order, descending)
    if {"pattern", "part"} & parameters:
        query = query.execution_options(takes_long=True)
    return query


def _cut(query: Select[Any], order: list[Any], descending: bool) -> Select[Any]:
    """Let a query end with the first thing before which there are `max_bytes` of texts or more."""
    size = func.sum(func.octet_length(Thing.text))
    before = size.over(order_by=_turned(order, descending), rows=(None, -1))
    page = query.add_columns(func.coalesce(before, 0).label("bytes_before")).subquery()
    *columns, bytes_before = page.c
    ordered = _turned([page.c[column.key] for column in order], descending)
    return select(*columns).where(bytes_before < bindparam("max_bytes")).order_by(*ordered)


def _found(query: Select[Any], parameters: frozenset[str]) -> Select[Any]:
    if "pattern" in parameters:
        query = query.where(matches(Thing.folded, bindparam("pattern")))
    if "part" in parameters:
        query = query.where(contains(Thing.folded, bindparam("part")))
    if "triples" in parameters:
        query = query.select_from(INDEX).join(Thing, Thing.id == INDEX.c.rowid)
        query = query.where(in_index(bindparam("triples")))
    return query


ONE_UNFOLDED = select(Thing.id).where(Thing.folded.is_(None)).limit(1)


def prepare_search(session: AnySession, q: str) -> None:
    """Fold the texts that something else than the model has written, where a search is to come."""
    if q and rows(session, ONE_UNFOLDED):
        with writing(session, alone=True):
            fold_the_rest(session.connection())


def _turned(columns: list[Any], descending: bool) -> list[Any]:
    return [column.desc() if descending else column.asc() for column in columns]
