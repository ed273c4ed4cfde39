"""Export and import of resources. `flask tokens` shares its files and progress bars."""

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
    help="Default: csv if FILE ends in .csv, otherwise ndjson.",
)

EXPORT_HELP = """Write all {many} to FILE, or to standard output for -.

The output is that of GET /{name}.ndjson or /{name}.csv. An existing FILE is replaced at the end.
"""

IMPORT_HELP = """Import {many} from FILE, or from standard input for -, with their ids and times.

Existing {many} are skipped, so an interrupted import can be run again. The import stops at a line
that is invalid or has the id of a different {one}; the lines before it are stored.
"""

#: Reads the records of a file, and reports how many bytes it has read.
Read = Callable[[IO[bytes], Callable[[int], None]], Iterator[Record]]


def add_commands(group: Commands, resource: Resource) -> None:
    """Add the `export` and `import` commands of a resource to a group."""

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
    """Raise Refused if the database does not exist or is not up to date. It is not changed."""
    path = Path(db.engine.url.database or "")
    if db.engine.dialect.name == "sqlite" and not path.exists():
        raise Refused(f"{path}: No such database.")
    with examined(), db.engine.connect() as connection:
        if not is_current(connection):
            raise Refused("The schema is not up to date. Start the server once to upgrade it.")


@contextmanager
def output(file: Path) -> Iterator[IO[bytes]]:
    """Open standard output for -, or a file that appears when it is completely written."""
    if str(file) == "-":
        with click.open_file("-", "wb") as stream:
            yield stream
            stream.flush()
        return
    with replacing(file) as new, new.open("wb") as stream:
        yield stream


def import_file(file: Path, read: Read, model: type[Base]) -> None:
    """Import the records of a file, or of standard input for -, and print how many.

    Creates a missing database.
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
    """Return a progress bar, shown on standard error if that is a terminal."""
    hidden = not length or not sys.stderr.isatty()
    return click.progressbar(items, length, label, hidden=hidden, file=sys.stderr)
