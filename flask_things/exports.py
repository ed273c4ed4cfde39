"""All of them at once: rows as NDJSON or CSV, while they are read."""

import csv
import json
import time
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from types import SimpleNamespace
from typing import Any

from flask import Response
from marshmallow import Schema

from flask_things.limits import TURN_S

#: How much is collected before it is sent, in characters.
CHUNK_CHARACTERS = 64 * 1024

NDJSON = "application/x-ndjson"
CSV = "text/csv; charset=utf-8; header=present"


def ndjson_lines(schema: type[Schema], rows: Iterable[Any]) -> Iterator[str]:
    """Return a line of JSON for each row, as the schema dumps it."""
    dump = schema().dump
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return (encode(dump(row)) + "\n" for row in rows)


def csv_lines(schema: type[Schema], rows: Iterable[Any]) -> Iterator[str]:
    """Return a record of CSV (RFC 4180) for each row, after one with the fields' names."""
    dump = schema().dump
    names = list(schema().fields)
    write = csv.writer(SimpleNamespace(write=str)).writerow  # which returns what it would write
    dumped = map(dump, rows)
    return chain([write(names)], (write([thing[name] for name in names]) for thing in dumped))


def to_ndjson(schema: type[Schema], rows: Generator[Any]) -> Response:
    """Answer with NDJSON."""
    return _streamed(ndjson_lines(schema, rows), rows, NDJSON)


def to_csv(schema: type[Schema], rows: Generator[Any]) -> Response:
    """Answer with CSV."""
    return _streamed(csv_lines(schema, rows), rows, CSV)


def _streamed(lines: Iterable[str], rows: Generator[Any], content_type: str) -> Response:
    response = Response(_chunks(lines), content_type=content_type)
    response.call_on_close(rows.close)  # also where nothing was read, as for a HEAD
    return response


def _chunks(lines: Iterable[str]) -> Iterator[str]:
    chunk: list[str] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            time.sleep(TURN_S)
            yield "".join(chunk)
            chunk, size = [], 0
    yield "".join(chunk)
