"""Reads and validates records to import, from NDJSON and CSV."""

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

#: Possible separators in CSV: the comma of RFC 4180, and what spreadsheets write where the comma is
#: the decimal separator, or as "text".
SEPARATORS = ",;\t"

csv.field_size_limit(BODY_MAX_BYTES)  # longer than csv's default of 131 072 characters

#: The byte order marks of UTF-16.
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

#: The number of its first line, and the raw fields.
Raw = tuple[int, Any]

#: The number of its first line, and the validated fields.
Record = tuple[int, dict[str, Any]]


class BadRecord(Refused):
    """A line cannot be stored. The lines before it are stored."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(
            f"Line {line}: {reason} The lines before it are stored. Correct it and import again."
        )


def read_ndjson(
    schema: Schema, file: IO[bytes], progress: Callable[[int], None]
) -> Iterator[Record]:
    """Yield the records of NDJSON as they are read; `progress` gets the bytes of each line.

    Raises BadRecord.
    """
    lines = _lines(file, progress)
    raw = ((number, _parsed(number, line)) for number, line in lines if line.strip())
    return _checked(schema, raw)


def read_csv(schema: Schema, file: IO[bytes], progress: Callable[[int], None]) -> Iterator[Record]:
    """Yield the records of CSV as they are read; `progress` gets the bytes of each line.

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
            raise BadRecord(number, 'The file is UTF-16 ("Unicode text"). Save it as UTF-8.')
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
        raise BadRecord(number, "Nested too deeply.") from error
    # from refuse_constant or _fields, or for an int with too many digits
    except ValueError as error:
        raise BadRecord(number, f"Invalid JSON: {error}") from error


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("A field is repeated.")
    return fields


#: The decoder of request bodies, which also rejects repeated fields.
DECODER = json.JSONDecoder(object_pairs_hook=_fields, parse_constant=refuse_constant)


def _rows(schema: Schema, lines: Iterator[tuple[int, str]]) -> Iterator[Raw]:
    first = next(lines, (1, ""))
    separator = next((mark for mark in first[1] if mark in SEPARATORS), ",")
    length = 0

    def limited() -> Iterator[str]:
        nonlocal length
        for _, line in chain([first], lines):
            length += len(line)
            if length > BODY_MAX_BYTES:  # csv limits a field, not a record
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
        reason = f" Unknown field: {unknown[0][:50]!r}." if unknown else ""
        raise BadRecord(number, f"The header must name the fields: {expected}.{reason}")


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
