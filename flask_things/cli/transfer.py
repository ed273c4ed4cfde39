"""What `flask things` and `flask tokens` share to export and to import: files and progress bars."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from flask import current_app

from flask_things.db.backend import Refused
from flask_things.db.session import Base, db
from flask_things.db.sqlite.files import replacing
from flask_things.migrations import examined, is_current, prepare
from flask_things.resource.transfer.imports import Complete, Tally, store_records
from flask_things.resource.transfer.records import Record

FILE = click.Path(path_type=Path)

#: What reads the records of a file, and reports how many bytes it has read.
Read = Callable[[IO[bytes], Callable[[int], None]], Iterator[Record]]


def refuse_unprepared() -> None:
    """Raise Refused for a database that does not exist or is not up to date: nothing is changed."""
    path = Path(db.engine.url.database or "")
    if db.engine.dialect.name == "sqlite" and not path.exists():
        raise Refused(f"{path}: There is no database.")
    with examined(), db.engine.connect() as connection:
        if not is_current(connection):
            raise Refused("The schema is not of this version: start the server once.")


@contextmanager
def output(file: Path) -> Iterator[IO[bytes]]:
    """Open standard output for -, or a file that appears when all of it is written."""
    if str(file) == "-":
        with click.open_file("-", "wb") as stream:
            yield stream
            stream.flush()
        return
    with replacing(file) as new, new.open("wb") as stream:
        yield stream


def import_file(file: Path, read: Read, model: type[Base], complete: Complete = dict) -> None:
    """Store every record of a file, or of standard input for -, and print how many.

    The database is created where there is none.
    """
    prepare(current_app)
    tally = Tally()
    size = file.stat().st_size if file.is_file() else 0
    try:
        with click.open_file(str(file), "rb") as source, bar("Import", size) as shown:
            store_records(db.session, model, read(source, shown.update), tally, complete)
    finally:
        click.echo(f"{tally.stored} stored, {tally.skipped} already there.", err=True)


def bar(label: str, length: int, items: Iterable[Any] | None = None) -> Any:
    """Return a progress bar, which is shown on standard error if that is a terminal."""
    hidden = not length or not sys.stderr.isatty()
    return click.progressbar(items, length, label, hidden=hidden, file=sys.stderr)
