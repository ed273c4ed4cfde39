"""Export and import of resources, and what `flask tokens` shares of it: files, progress bars."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import click
from flask import current_app

from flask_things.cli.base import Commands
from flask_things.db.backend import Refused
from flask_things.db.session import Base, db
from flask_things.db.sqlite.files import replacing
from flask_things.migrations import examined, is_current, prepare
from flask_things.resource.routes import Resource
from flask_things.resource.transfer import exports, records
from flask_things.resource.transfer.imports import Tally, store_records
from flask_things.resource.transfer.records import Record

FILE = click.Path(path_type=Path)

FORMAT = click.option(
    "--format",
    "kind",
    type=click.Choice(["ndjson", "csv"]),
    help="By default csv if FILE ends in .csv, else ndjson.",
)

EXPORT_HELP = """Write all {many} to FILE, or to standard output for -.

The same as GET /{name}.ndjson and /{name}.csv. A FILE that exists is replaced at the end.
"""

IMPORT_HELP = """Store all {many} of FILE, or of standard input for -, with their ids and times.

Those that are there already are skipped, so an import that was interrupted can be run again. It
ends at a line that is invalid, or has the id of another {one}; the lines before it are stored.
"""

#: What reads the records of a file, and reports how many bytes it has read.
Read = Callable[[IO[bytes], Callable[[int], None]], Iterator[Record]]


def add_commands(group: Commands, resource: Resource) -> None:
    """Add `export` and `import` of a resource to a group."""

    @group.command("export", help=EXPORT_HELP.format_map(resource.words))
    @FORMAT
    @click.argument("file", type=FILE)
    def export(file: Path, kind: str | None) -> None:
        refuse_unprepared()
        lines = exports.csv_lines if _is_csv(file, kind) else exports.ndjson_lines
        number = resource.collection.count(db.session)
        with (
            closing(exports.read_rows(resource.collection, db.session)) as rows,
            output(file) as stream,
            bar("Export", number, rows) as shown,
        ):
            stream.writelines(lines(resource.writer, shown))

    @group.command("import", help=IMPORT_HELP.format_map(resource.words))
    @FORMAT
    @click.argument("file", type=FILE)
    def import_(file: Path, kind: str | None) -> None:
        read = records.read_csv if _is_csv(file, kind) else records.read_ndjson
        import_file(file, partial(read, resource.schemas.record()), resource.model)


def _is_csv(file: Path, kind: str | None) -> bool:
    return (kind or file.suffix.removeprefix(".").lower()) == "csv"


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


def import_file(file: Path, read: Read, model: type[Base]) -> None:
    """Store every record of a file, or of standard input for -, and print how many.

    The database is created where there is none.
    """
    prepare(current_app)
    tally = Tally()
    size = file.stat().st_size if file.is_file() else 0
    try:
        with click.open_file(str(file), "rb") as source, bar("Import", size) as shown:
            store_records(db.session, model, read(source, shown.update), tally)
    finally:
        click.echo(f"{tally.stored} stored, {tally.skipped} already there.", err=True)


def bar(label: str, length: int, items: Iterable[Any] | None = None) -> Any:
    """Return a progress bar, which is shown on standard error if that is a terminal."""
    hidden = not length or not sys.stderr.isatty()
    return click.progressbar(items, length, label, hidden=hidden, file=sys.stderr)
