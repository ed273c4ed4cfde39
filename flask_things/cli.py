"""`flask things …`: backups and their return, export and import."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import click
from flask import current_app

from flask_things import backups, exports, imports, records, restores, store
from flask_things.backend import Refused
from flask_things.commands import Commands
from flask_things.db import db
from flask_things.files import replacing
from flask_things.migrations import is_current, prepare
from flask_things.schemas import ThingSchema
from flask_things.tokens import list_tokens

FILE = click.Path(path_type=Path)
FORMAT = click.option(
    "--format",
    "kind",
    type=click.Choice(["ndjson", "csv"]),
    help="By default csv where FILE ends so, or else ndjson.",
)


things = Commands("things", help="Back up, restore, export and import things.")


@things.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Copy the database to FILE while the server runs, and verify the copy.

    A FILE that exists is replaced, once the copy is verified.
    """
    with _page_bar("Backup") as progress:
        backups.back_up(_database(), file, progress)
    with closing(backups.connect(file, "ro")) as copy:
        [number] = copy.execute("SELECT count(*) FROM thing").fetchone()
    click.echo(f"{file}: {number} things.", err=True)


@things.command()
@click.option("--force", is_flag=True, help="Replace an existing database, its tokens included.")
@click.argument("file", type=FILE)
def restore(file: Path, force: bool) -> None:
    """Make the database what it was when FILE was backed up.

    Without --force there must be none. Ids that were given since are not given again.
    """
    database = _database()
    with _page_bar("Restore") as progress:
        kept = restores.restore(file, database, force=force, progress=progress)
    prepare(current_app)  # a server that runs could not read an older schema
    click.echo(f"{database}: {store.count_things(db.session)} things.", err=True)
    if list_tokens(db.session):
        click.echo("Its tokens are those of the backup: see `flask tokens list`.", err=True)
    if kept:
        click.echo(f"What was there is kept as {kept}. Restart a running server.", err=True)


@things.command("export")
@FORMAT
@click.argument("file", type=FILE)
def export(file: Path, kind: str | None) -> None:
    """Write every thing to FILE, or to standard output for -.

    As GET /things.ndjson and /things.csv do. A FILE that is there is replaced, once all is written.
    """
    _refuse_unprepared()
    lines, _ = _format(file, kind)
    number = store.count_things(db.session)
    with closing(store.export_things(db.session)) as rows, _output(file) as output:
        with _bar("Export", number, rows) as bar:
            for line in lines(ThingSchema, bar):
                output.write(line.encode())
        output.flush()


@things.command("import")
@FORMAT
@click.argument("file", type=FILE)
def import_(file: Path, kind: str | None) -> None:
    """Store every thing of FILE, or of standard input for -, with its id and its times.

    One that is there already is skipped, so that what was broken off can be run again. A line that
    is bad, or has another thing's id, ends it; what comes before is stored.
    """
    _, read = _format(file, kind)
    prepare(current_app)  # makes the database where there is none
    tally = imports.Tally()
    size = file.stat().st_size if file.is_file() else 0
    try:
        with click.open_file(str(file), "rb") as source, _bar("Import", size) as bar:
            imports.store_records(db.session, read(source, bar.update), tally)
    finally:
        click.echo(f"{tally.stored} stored, {tally.skipped} already there.", err=True)


def _format(file: Path, kind: str | None) -> tuple[Any, Any]:
    """Return what makes lines, and what reads them."""
    if (kind or file.suffix.removeprefix(".").lower()) == "csv":
        return exports.csv_lines, records.read_csv
    return exports.ndjson_lines, records.read_ndjson


@contextmanager
def _output(file: Path) -> Iterator[IO[bytes]]:
    if str(file) == "-":
        with click.open_file("-", "wb") as output:
            yield output
        return
    with replacing(file) as new, new.open("wb") as output:
        yield output


def _refuse_unprepared() -> None:
    """Refuse to read a database that is not there, or not up to date."""
    if db.engine.dialect.name == "sqlite" and not _database().exists():
        raise Refused(f"{_database()}: There is no database.")
    with db.engine.connect() as connection:
        if not is_current(connection):
            raise Refused("The schema is not of this version: start the server once.")


def _database() -> Path:
    """Return the path of the SQLite database."""
    if db.engine.dialect.name != "sqlite":
        raise Refused("This is for a database in a file. Of PostgreSQL, use pg_dump.")
    return Path(db.engine.url.database or "").resolve()


@contextmanager
def _page_bar(label: str) -> Iterator[backups.Progress]:
    """Show a progress bar, and hand out what moves it."""
    with _bar(label, 1) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress


def _bar(label: str, length: int, items: Iterable[Any] | None = None) -> Any:
    """Return a progress bar, which is shown on standard error if that is a terminal."""
    hidden = not length or not sys.stderr.isatty()
    return click.progressbar(items, length, label, hidden=hidden, file=sys.stderr)
