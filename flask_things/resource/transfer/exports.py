"""Exports: rows as NDJSON or CSV, streamed while they are read."""

import csv
import json
import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from errno import EPIPE
from itertools import chain
from time import monotonic
from types import SimpleNamespace
from typing import Any, NoReturn

from flask import Response, request
from marshmallow import Schema

from flask_things.resource.schemas.fields import is_plain, write_text
from flask_things.turns import TURN_S

#: How much is collected before it is sent, in characters.
CHUNK_CHARACTERS = 64 * 1024

#: How long a client may take to read an export, in seconds: a million things (200 MB) come in time
#: over 6 Mbit/s. Until then SQLite cannot reuse its WAL, and PostgreSQL cannot vacuum.
TIMEOUT_S = 300

logger = logging.getLogger(__name__)

#: Executes the query of an export and returns its rows.
Read = Callable[[], Generator[Any]]

NDJSON = "application/x-ndjson"
CSV = "text/csv"


def ndjson_lines(schema: type[Schema], rows: Iterable[Any]) -> Iterator[str]:
    """Return a line of JSON for each row, as the schema dumps it."""
    dump = schema().dump
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return (encode(dump(row)) + "\n" for row in rows)


def csv_lines(schema: type[Schema], rows: Iterable[Any]) -> Iterator[str]:
    """Return a record of CSV (RFC 4180) for each row, after one with the fields' names."""
    dump, members = schema().dump, schema().fields
    names = list(members)
    converted = [name for name, field in members.items() if not is_plain(field)]
    write = csv.writer(SimpleNamespace(write=str)).writerow  # which returns what it would write

    def cells(row: Any) -> list[Any]:
        record = dump(row)
        for name in converted:
            record[name] = write_text(record[name])
        return [record[name] for name in names]

    return chain([write(names)], map(write, map(cells, rows)))


def to_ndjson(schema: type[Schema], read: Read, name: str) -> Response:
    """Return a streamed response with NDJSON, for a file of that name."""
    return _streamed(ndjson_lines, schema, read, NDJSON, f"{name}.ndjson")


def to_csv(schema: type[Schema], read: Read, name: str) -> Response:
    """Return a streamed response with CSV, for a file of that name."""
    kind = f"{CSV}; charset=utf-8; header=present"
    return _streamed(csv_lines, schema, read, kind, f"{name}.csv")


def _streamed(
    lines: Callable[[type[Schema], Iterable[Any]], Iterable[str]],
    schema: type[Schema],
    read: Read,
    content_type: str,
    file_name: str,
) -> Response:
    response = Response(iter(()), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    if request.method != "HEAD":
        rows = read()
        response.response = _chunks(lines(schema, rows))
        response.call_on_close(rows.close)
    return response


def _chunks(lines: Iterable[str]) -> Iterator[str]:
    end = monotonic() + TIMEOUT_S
    chunk: list[str] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            time.sleep(TURN_S)
            yield "".join(chunk)
            chunk, size = [], 0
            if monotonic() > end:
                _break_off()
    yield "".join(chunk)


def _break_off() -> NoReturn:
    """Close the connection without a last chunk: so the client sees that something is missing."""
    logger.warning("an export was not read within %s seconds: closed", TIMEOUT_S)
    raise BrokenPipeError(EPIPE, "The client reads the export too slowly.")
