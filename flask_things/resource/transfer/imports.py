"""Stores imported records as rows, with their ids and times."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from flask_things.db.backend import AnySession
from flask_things.db.batches import in_batches
from flask_things.db.errors import Conflict, Invalid
from flask_things.db.session import Base, importing, writing
from flask_things.resource.constraints import Constraints
from flask_things.resource.transfer.records import BadRecord, Record

#: The most records per transaction. Other writes wait for it.
BATCH_RECORDS = 500

#: The errors for a rejected row.
REFUSALS = (IntegrityError, DataError)

#: The name of a unique column, and a value of it.
Key = tuple[str, Any]


@dataclass
class Tally:
    """The numbers of records that were stored and that existed before."""

    stored: int = 0
    skipped: int = 0


def store_records(
    session: AnySession,
    model: type[Base],
    records: Iterable[Record],
    tally: Tally,
) -> None:
    """Store records as rows of a model. Existing rows are skipped.

    Each transaction stores some records, counted in `tally`, so the import can be repeated after an
    error. Raises BadRecord if a record is invalid, differs from a row with the same id or another
    unique value, or violates a constraint such as a reference.
    """
    for batch in in_batches(records, itemgetter(1), BATCH_RECORDS):
        try:
            _store(session, model.__table__, batch, tally)
        except REFUSALS:
            for record in batch:  # stores those before the rejected one
                try:
                    _store(session, model.__table__, [record], tally)
                except REFUSALS as error:
                    line, fields = record
                    reason = _reason(session, model.__table__, fields, error)
                    raise BadRecord(line, reason) from error


def _store(session: AnySession, table: Any, batch: list[Record], tally: Tally) -> None:
    """Store the records before the first that conflicts with an existing row."""
    new: list[dict[str, Any]] = []
    seen = 0
    differs = None
    with writing(session, alone=True), importing(session, table):
        known = _rows_like(session, table, batch)
        for line, fields in batch:
            before = {key: known.setdefault(key, fields) for key in _keys(table, fields)}
            if taken := [key for key, row in before.items() if not _same(table, row, fields)]:
                name, value = taken[0]
                reason = f"Another {table.name} has the {name} {value}."
                differs = BadRecord(line, reason)
                break
            seen += 1
            if all(row is fields for row in before.values()):
                new.append(fields)
        if new:
            session.execute(insert(table), new)
    tally.stored += len(new)
    tally.skipped += seen - len(new)
    if differs:
        raise differs


def _rows_like(session: AnySession, table: Any, batch: list[Record]) -> dict[Key, dict[str, Any]]:
    """Return the rows that share a unique value with a record, by each of their unique values."""
    values = defaultdict(list)
    for _, fields in batch:
        for name, value in _keys(table, fields):
            values[name].append(value)
    same = or_(*(table.c[name].in_(found) for name, found in values.items()))
    names = list(batch[0][1])
    rows = session.execute(select(*(table.c[name] for name in names)).where(same))
    there = [dict(zip(names, row, strict=True)) for row in rows]
    return {key: row for row in there for key in _keys(table, row)}


def _keys(table: Any, fields: dict[str, Any]) -> list[Key]:
    """Return the unique values of a record with the names of their columns."""
    return [
        (name, value)
        for name, value in fields.items()
        if value is not None and (table.c[name].primary_key or table.c[name].unique)
    ]


def _same(table: Any, row: dict[str, Any], fields: dict[str, Any]) -> bool:
    return row is fields or all(
        table.c[name].type.compare_values(row[name], value) for name, value in fields.items()
    )


def _reason(session: AnySession, table: Any, fields: dict[str, Any], error: DBAPIError) -> str:
    try:
        Constraints(table).check(session, [fields])
    except (Invalid, Conflict) as broken:
        [messages] = broken.args
        return " ".join(f"{name}: {' '.join(texts)}" for name, texts in messages.items())
    return f"The database rejected it: {' '.join(str(error.orig).split())}."
