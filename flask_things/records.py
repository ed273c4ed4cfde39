"""Things from elsewhere: records of NDJSON and CSV are read, checked and stored as they are."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

from marshmallow import ValidationError
from sqlalchemy import insert, select

from flask_things.backend import AnySession, Refused
from flask_things.db import importing, writing
from flask_things.limits import BODY_MAX_BYTES
from flask_things.models import Thing
from flask_things.schemas import RecordSchema
from flask_things.search import fold

#: How much one transaction stores at most; others wait for it.
BATCH_RECORDS = 500
BATCH_CHARACTERS = 1_000_000

FIELDS = tuple(RecordSchema().fields)

#: The number of the line where it begins, and its fields as they were read.
Raw = tuple[int, Any]

#: The same, but checked.
Record = tuple[int, dict[str, Any]]


class BadRecord(Refused):
    """A line that cannot be stored. What comes before it is stored."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(
            f"Line {line}: {reason} What comes before it is stored: mend it, and run this again."
        )


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


def read_ndjson(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[Record]:
    """Return the records of NDJSON, each as it is read; `progress` is told of bytes.

    Raises BadRecord.
    """
    lines = _lines(file, progress)
    return _checked((number, _parsed(number, line)) for number, line in lines if line.strip())


def read_csv(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[Record]:
    """Return the records of CSV, each as it is read; `progress` is told of bytes.

    Raises BadRecord.
    """
    return _checked(_rows(_lines(file, progress)))


def _lines(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[tuple[int, str]]:
    number = 0
    while line := file.readline(BODY_MAX_BYTES + 1):
        number += 1
        if len(line) > BODY_MAX_BYTES:
            raise BadRecord(number, f"Longer than {BODY_MAX_BYTES} bytes.")
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            raise BadRecord(number, "Begins with a byte order mark, which UTF-8 needs not.")
        try:
            yield number, line.decode()
        except UnicodeDecodeError as error:
            raise BadRecord(number, f"Not UTF-8 at byte {error.start + 1}.") from error
        progress(len(line))


def _parsed(number: int, line: str) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_fields, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise BadRecord(number, f"Not JSON: {error.msg} at column {error.colno}.") from error
    except RecursionError as error:
        raise BadRecord(number, "Nested too deep.") from error
    except ValueError as error:  # from _fields, from _refuse, or for an int of too many digits
        raise BadRecord(number, f"Not JSON that can be read: {error}") from error


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("A field stands there twice.")
    return fields


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number.")


def _rows(lines: Iterator[tuple[int, str]]) -> Iterator[Raw]:
    length = 0

    def limited() -> Iterator[str]:
        nonlocal length
        for _, line in lines:
            length += len(line)
            if length > BODY_MAX_BYTES:  # the reader itself limits a field, not a record
                raise BadRecord(number, f"Longer than {BODY_MAX_BYTES} characters.")
            yield line

    reader = csv.reader(limited(), strict=True)
    names: list[str] = []
    while True:
        number, length = reader.line_num + 1, 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise BadRecord(number, f"Not CSV: {error}.") from error
        if not names:
            if sorted(row or []) != sorted(FIELDS):
                raise BadRecord(number, f"The first must name the fields: {','.join(FIELDS)}.")
            names = row or []
        elif row is None:
            return
        elif row and len(row) != len(names):
            raise BadRecord(number, f"Has {len(row)} fields, not {len(names)}.")
        elif row:
            fields: dict[str, Any] = dict(zip(names, row, strict=True))
            if re.fullmatch("[1-9][0-9]{0,18}", fields["id"]):
                fields["id"] = int(fields["id"])
            yield number, fields


def _checked(raw: Iterator[Raw]) -> Iterator[Record]:
    load = RecordSchema().load
    for number, fields in raw:
        try:
            yield number, load(fields)
        except ValidationError as error:
            reasons = (
                " ".join([*([] if name == "_schema" else [f"{name}:"]), *why])
                for name, why in error.messages_dict.items()
            )
            raise BadRecord(number, " ".join(reasons)) from error


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
