"""All of them at once: rows as NDJSON or CSV, sent while they are read."""

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response
from marshmallow import Schema

#: How much is collected before it is sent, in characters.
CHUNK_CHARACTERS = 64 * 1024

NDJSON = "application/x-ndjson"
CSV = "text/csv; charset=utf-8; header=present"


class Echo:
    """A file for csv.writer that hands back what it is given."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def to_ndjson(schema: type[Schema], rows: Iterable[Any]) -> Response:
    """Answer with a line of JSON for each row, as the schema dumps it."""
    dump = schema().dump
    lines = (json.dumps(dump(row), ensure_ascii=False) + "\n" for row in rows)
    return _streamed(lines, rows, NDJSON)


def to_csv(schema: type[Schema], rows: Iterable[Any]) -> Response:
    """Answer with a record of CSV (RFC 4180) for each row, after one with the fields' names."""
    dump = schema().dump
    write = csv.writer(Echo()).writerow
    records = (write(dump(row).values()) for row in rows)
    return _streamed(records, rows, CSV, write(schema().fields))


def _streamed(lines: Iterable[str], rows: Any, content_type: str, first: str = "") -> Response:
    response = Response(_chunks(lines, first), content_type=content_type)
    response.headers["Cache-Control"] = "no-store"  # it has no ETag to ask for it with
    response.call_on_close(rows.close)  # also where nothing was read, as for a HEAD
    return response


def _chunks(lines: Iterable[str], first: str) -> Iterator[str]:
    chunk, size = [first], 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield "".join(chunk)
            chunk, size = [], 0
    yield "".join(chunk)
