"""Records to import: NDJSON and CSV, read and checked."""

import codecs
import csv
import json
from collections.abc import Callable, Iterator
from itertools import chain
from typing import IO, Any

from marshmallow import Schema, ValidationError

from flask_things.db.backend import Refused
from flask_things.http.decoding import refuse_constant
from flask_things.resource.schemas.fields import is_plain, read_text
from flask_things.transport.uploads import BODY_MAX_BYTES

#: What may separate the fields of CSV: the comma of RFC 4180, and what spreadsheets write instead
#: where a comma is the decimal sign, or as "text".
SEPARATORS = ",;\t"

csv.field_size_limit(BODY_MAX_BYTES)  # a text may have more than the 131 072 characters of csv

#: How UTF-16 begins.
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

#: The number of the line where it begins, and its fields as they were read.
Raw = tuple[int, Any]

#: The same, but checked.
Record = tuple[int, dict[str, Any]]


class BadRecord(Refused):
    """A line that cannot be stored. What comes before it is stored."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(
            f"Line {line}: {reason} The lines before it are stored: correct it and import again."
        )


def read_ndjson(
    schema: Schema, file: IO[bytes], progress: Callable[[int], None]
) -> Iterator[Record]:
    """Return the records of NDJSON, each as it is read; `progress` gets the bytes of each line.

    Raises BadRecord.
    """
    lines = _lines(file, progress)
    raw = ((number, _parsed(number, line)) for number, line in lines if line.strip())
    return _checked(schema, raw)


def read_csv(schema: Schema, file: IO[bytes], progress: Callable[[int], None]) -> Iterator[Record]:
    """Return the records of CSV, each as it is read; `progress` gets the bytes of each line.

    Raises BadRecord.
    """
    return _checked(schema, _rows(schema, _lines(file, progress)))


def _lines(file: IO[bytes], progress: Callable[[int], None]) -> Iterator[tuple[int, str]]:
    number = 0
    while line := file.readline(BODY_MAX_BYTES + 1):
        number += 1
        if len(line) > BODY_MAX_BYTES:
            raise BadRecord(number, f"Longer than {BODY_MAX_BYTES} bytes.")
        if number == 1 and (line.startswith(UTF_16) or b"\0" in line[:2]):
            raise BadRecord(number, 'This is UTF-16 ("Unicode text"): save the file as UTF-8.')
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadRecord(number, f"Not UTF-8 at byte {error.start + 1}.") from error
        progress(len(line))


def _parsed(number: int, line: str) -> Any:
    try:
        return DECODER.decode(line)
    except json.JSONDecodeError as error:
        raise BadRecord(number, f"Not JSON: {error.msg} at column {error.colno}.") from error
    except RecursionError as error:
        raise BadRecord(number, "Nested too deep.") from error
    except ValueError as error:  # from a function of DECODER, or for an int of too many digits
        raise BadRecord(number, f"Not JSON that can be read: {error}") from error


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("A field stands there twice.")
    return fields


#: The decoder of bodies, but for fields that are there twice.
DECODER = json.JSONDecoder(object_pairs_hook=_fields, parse_constant=refuse_constant)


def _rows(schema: Schema, lines: Iterator[tuple[int, str]]) -> Iterator[Raw]:
    first = next(lines, (1, ""))
    separator = next((mark for mark in first[1] if mark in SEPARATORS), ",")
    length = 0

    def limited() -> Iterator[str]:
        nonlocal length
        for _, line in chain([first], lines):
            length += len(line)
            if length > BODY_MAX_BYTES:  # the reader itself limits a field, not a record
                raise BadRecord(number, f"Longer than {BODY_MAX_BYTES} characters.")
            yield line

    reader = csv.reader(limited(), delimiter=separator, strict=True)
    names: list[str] = []
    converted: list[str] = []
    while True:
        number, length = reader.line_num + 1, 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise BadRecord(number, f"Not CSV: {error}.") from error
        if not names:
            names = row or []
            _check_names(schema, number, names)
            converted = [name for name in names if not is_plain(schema.fields[name])]
        elif row is None:
            return
        elif row and len(row) != len(names):
            raise BadRecord(number, f"Has {len(row)} fields, not {len(names)}.")
        elif row:
            record: dict[str, Any] = dict(zip(names, row, strict=True))
            for name in converted:
                record[name] = read_text(schema.fields[name], record[name])
            yield number, record


def _check_names(schema: Schema, number: int, names: list[str]) -> None:
    required = {name for name, field in schema.fields.items() if field.required}
    unknown = [name for name in names if name not in schema.fields]
    if unknown or len(set(names)) < len(names) or not required.issubset(names):
        expected = f"{','.join(schema.fields)} (separated by commas, semicolons or tabs)"
        reason = f" There is no field {unknown[0][:50]!r}." if unknown else ""
        raise BadRecord(number, f"It must name the fields: {expected}.{reason}")


def _checked(schema: Schema, raw: Iterator[Raw]) -> Iterator[Record]:
    for number, fields in raw:
        try:
            yield number, schema.load(fields)
        except ValidationError as error:
            reasons = (
                " ".join([*([] if name == "_schema" else [f"{name}:"]), *why])
                for name, why in error.messages_dict.items()
            )
            raise BadRecord(number, " ".join(reasons)) from error
