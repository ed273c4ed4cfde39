"""Exports: streams rows as NDJSON or CSV while they are read."""

import csv
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from errno import EPIPE
from itertools import chain
from time import monotonic
from types import SimpleNamespace
from typing import Any, NoReturn

from flask import Response, request

from flask_things.db.backend import AnySession
from flask_things.db.queries import stream
from flask_things.db.session import db, dialect_of
from flask_things.resource.collection import Collection
from flask_things.resource.schemas.writer import Writer
from flask_things.turns import let_others_run

#: The bytes to collect before they are sent.
CHUNK_BYTES = 64 * 1024

#: How long a client may take to read an export, in seconds. A million things (200 MB) need 6
#: Mbit/s. Until then SQLite cannot reuse its WAL, and PostgreSQL cannot vacuum.
TIMEOUT_S = 300

logger = logging.getLogger(__name__)

NDJSON = "application/x-ndjson"
CSV = "text/csv"


def read_rows(collection: Collection, session: AnySession, **selection: Any) -> Generator[Any]:
    """Return the selected rows for the writer; see Collection.export."""
    query, parameters = collection.queries.page(dialect_of(session), **selection)
    return stream(session, collection.writer.query(query), parameters)


def ndjson_lines(writer: Writer, rows: Iterable[Any]) -> Iterator[bytes]:
    """Return a line of JSON for each row."""
    write = writer.json
    return (write(row) + b"\n" for row in rows)


def csv_lines(writer: Writer, rows: Iterable[Any]) -> Iterator[bytes]:
    """Return CSV (RFC 4180): a header with the field names, and a record for each row."""
    # it returns what that function returns
    write = csv.writer(SimpleNamespace(write=str.encode)).writerow
    return chain([write(writer.names)], map(write, map(writer.texts, rows)))


def to_ndjson(collection: Collection, selection: Mapping[str, Any], name: str) -> Response:
    """Return a streamed NDJSON response with this file name."""
    return _streamed(ndjson_lines, collection, selection, NDJSON, f"{name}.ndjson")


def to_csv(collection: Collection, selection: Mapping[str, Any], name: str) -> Response:
    """Return a streamed CSV response with this file name."""
    kind = f"{CSV}; charset=utf-8; header=present"
    return _streamed(csv_lines, collection, selection, kind, f"{name}.csv")


def _streamed(
    lines: Callable[[Writer, Iterable[Any]], Iterable[bytes]],
    collection: Collection,
    selection: Mapping[str, Any],
    content_type: str,
    file_name: str,
) -> Response:
    response = Response(iter(()), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    if request.method != "HEAD":
        rows = read_rows(collection, db.session, **selection)
        response.response = _chunks(lines(collection.writer, rows))
        response.call_on_close(rows.close)
    return response


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    end = monotonic() + TIMEOUT_S
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= CHUNK_BYTES:
            let_others_run()
            yield b"".join(chunk)
            chunk, size = [], 0
            if monotonic() > end:
                _abort()
    yield b"".join(chunk)


def _abort() -> NoReturn:
    """Close the connection without a last chunk, so that the client detects the missing rest."""
    logger.warning("Closed an export that the client did not read within %s seconds", TIMEOUT_S)
    raise BrokenPipeError(EPIPE, "The client reads the export too slowly.")
