"""`flask things …`: backups and their return, export and import."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import click
from flask import current_app

from flask_things.cli import backup as backups
from flask_things.cli import restore as restores
from flask_things.cli.base import Commands
from flask_things.cli.transfer import FILE, bar, import_file, output, refuse_unprepared
from flask_things.db.backend import Refused
from flask_things.db.session import db
from flask_things.migrations import prepare
from flask_things.resource.transfer import exports, records
from flask_things.security.tokens import list_tokens
from flask_things.things import THINGS

FORMAT = click.option(
    "--format",
    "kind",
    type=click.Choice(["ndjson", "csv"]),
    help="By default csv if FILE ends in .csv, else ndjson.",
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
    click.echo(f"{database}: {THINGS.collection.count(db.session)} things.", err=True)
    if list_tokens(db.session):
        click.echo("Its tokens are those of the backup: see `flask tokens list`.", err=True)
    if kept:
        click.echo(f"What was there is kept as {kept}. Restart a running server.", err=True)


@things.command("export")
@FORMAT
@click.argument("file", type=FILE)
def export(file: Path, kind: str | None) -> None:
    """Write every thing to FILE, or to standard output for -.

    The same as GET /things.ndjson and /things.csv. A FILE that exists is replaced at the end.
    """
    refuse_unprepared()
    lines = exports.csv_lines if _is_csv(file, kind) else exports.ndjson_lines
    number = THINGS.collection.count(db.session)
    with (
        closing(THINGS.collection.export(db.session)) as rows,
        output(file) as stream,
        bar("Export", number, rows) as shown,
    ):
        stream.writelines(line.encode() for line in lines(THINGS.schemas.output, shown))


@things.command("import")
@FORMAT
@click.argument("file", type=FILE)
def import_(file: Path, kind: str | None) -> None:
    """Store every thing of FILE, or of standard input for -, with its id and its times.

    One that is there already is skipped, so an import that was interrupted can be run again. It
    ends at a line that is invalid, or has another thing's id; the lines before it are stored.
    """
    read = records.read_csv if _is_csv(file, kind) else records.read_ndjson
    import_file(
        file,
        partial(read, THINGS.schemas.record()),
        THINGS.model,
    )


def _is_csv(file: Path, kind: str | None) -> bool:
    return (kind or file.suffix.removeprefix(".").lower()) == "csv"


def _database() -> Path:
    """Return the path of the SQLite database."""
    if db.engine.dialect.name != "sqlite":
        raise Refused("Only SQLite is backed up like this. For PostgreSQL, use pg_dump.")
    return Path(db.engine.url.database or "").resolve()


@contextmanager
def _page_bar(label: str) -> Iterator[backups.Progress]:
    """Show a progress bar, and yield the function that moves it."""
    with bar(label, 1) as shown:

        def progress(done: int, total: int) -> None:
            shown.length = total
            shown.update(done - shown.pos)

        yield progress
