"""Gauges that are read at each scrape: rows, the limit of streams, the database's size and disk."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from flask_things.db.backend import Unavailable
from flask_things.db.session import db
from flask_things.db.sqlite.files import COMPANIONS, beside
from flask_things.observability.metrics import Reading
from flask_things.transport.streams import STREAMS


def read(app: Flask, workers: int) -> list[Reading]:
    """Return the gauges that can be read now."""
    limit = ("things_streams_limit", "Limit of open streams per server.", workers * STREAMS)
    with app.app_context():
        return [limit, *_rows(app), *_disk()]


def _rows(app: Flask) -> Iterator[Reading]:
    with suppress(SQLAlchemyError, Unavailable):
        for one in app.extensions["resources"]:
            name = f"{one.name.replace('-', '_')}_stored"
            yield name, f"The number of {one.name}.", one.collection.count(db.session)


def _disk() -> Iterator[Reading]:
    if db.engine.dialect.name != "sqlite":
        return
    file = Path(db.engine.url.database or "")
    with suppress(OSError):
        parts = [file, *(beside(file, ending) for ending in COMPANIONS)]
        size_bytes = sum(part.stat().st_size for part in parts if part == file or part.exists())
        yield "things_database_bytes", "The size of the SQLite database and its WAL.", size_bytes
        free_bytes = shutil.disk_usage(file.parent).free
        yield "things_disk_free_bytes", "The free space on the database's disk.", free_bytes
