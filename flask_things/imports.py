"""Records stored as things, with the ids and times that they have."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from flask_things.backend import AnySession
from flask_things.db import importing, writing
from flask_things.models import Thing
from flask_things.records import FIELDS, BadRecord, Record
from flask_things.search import fold

#: How much one transaction stores at most; others wait for it.
BATCH_RECORDS = 500
BATCH_CHARACTERS = 1_000_000


@dataclass
class Tally:
    """How many records were stored, and how many were there already."""

    stored: int = 0
    skipped: int = 0


def store_records(session: AnySession, records: Iterable[Record], tally: Tally) -> None:
    """Store things with the ids and times that they have; an equal one that is there is skipped.

    It is done in transactions of some records each, counted in `tally`: after an error it can be
    done again. Raises BadRecord, also for a thing that differs from the one with its id.
    """
    for batch in _batches(records):
        _store(session, batch, tally)


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    characters = 0
    try:
        for record in records:
            batch.append(record)
            characters += len(record[1]["text"])
            if len(batch) == BATCH_RECORDS or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
    except BadRecord:
        yield batch
        raise
    yield batch


def _store(session: AnySession, batch: list[Record], tally: Tally) -> None:
    """Store what comes before the first record that differs from a thing with its id."""
    new: list[dict[str, Any]] = []
    seen = 0
    differs = None
    columns = [getattr(Thing, name) for name in FIELDS]
    with writing(session, alone=True), importing(session, Thing.__table__):
        there = select(*columns).where(Thing.id.in_([fields["id"] for _, fields in batch]))
        known = {row.id: dict(row._mapping) for row in session.execute(there)}
        for line, fields in batch:
            before = known.setdefault(fields["id"], fields)
            if before != fields:
                differs = BadRecord(line, f"There is another thing {fields['id']}.")
                break
            seen += 1
            if before is fields:
                new.append(fields | {"folded": fold(fields["text"])})
        if new:
            session.execute(insert(Thing), new)
    tally.stored += len(new)
    tally.skipped += seen - len(new)
    if differs:
        raise differs
