"""Records stored as rows, with the ids and times that they have."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import insert, or_, select

from flask_things.db.backend import AnySession
from flask_things.db.batches import in_batches
from flask_things.db.session import Base, importing, writing
from flask_things.resource.transfer.records import BadRecord, Record

#: How many records one transaction stores at most; others wait for it.
BATCH_RECORDS = 500

#: Returns the fields of a record with what else is stored of it.
Complete = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Tally:
    """How many records were stored, and how many were there already."""

    stored: int = 0
    skipped: int = 0


def store_records(
    session: AnySession,
    model: type[Base],
    records: Iterable[Record],
    tally: Tally,
    complete: Complete = dict,
) -> None:
    """Store records as rows of a model; one that is there already is skipped.

    It is done in transactions of some records each, counted in `tally`: after an error it can be
    done again. Raises BadRecord, also for a record that differs from a row with its id, or with
    its value of another unique column.
    """
    for batch in in_batches(records, itemgetter(1), BATCH_RECORDS):
        _store(session, model.__table__, batch, tally, complete)


def _store(
    session: AnySession, table: Any, batch: list[Record], tally: Tally, complete: Complete
) -> None:
    """Store what comes before the first record that differs from a row that it may not repeat."""
    new: list[dict[str, Any]] = []
    seen = 0
    differs = None
    names = list(batch[0][1])
    unique = [table.c[name] for name in names if table.c[name].primary_key or table.c[name].unique]
    with writing(session, alone=True), importing(session, table):
        same = (column.in_([fields[column.name] for _, fields in batch]) for column in unique)
        there = session.execute(select(*(table.c[name] for name in names)).where(or_(*same)))
        rows = [dict(row._mapping) for row in there]
        known = {(column.name, row[column.name]): row for row in rows for column in unique}
        for line, fields in batch:
            before = {c.name: known.setdefault((c.name, fields[c.name]), fields) for c in unique}
            if taken := [name for name in before if before[name] != fields]:
                what = f"{table.name} with the {taken[0]} {fields[taken[0]]}"
                differs = BadRecord(line, f"There is another {what}.")
                break
            seen += 1
            if all(row is fields for row in before.values()):
                new.append(complete(fields))
        if new:
            session.execute(insert(table), new)
    tally.stored += len(new)
    tally.skipped += seen - len(new)
    if differs:
        raise differs
