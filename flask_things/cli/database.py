"""`flask things backup` and `restore`: the whole database, with all resources and tokens."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from flask_things.cli import backup as backups
from flask_things.cli import copies
from flask_things.cli import restore as restores
from flask_things.cli.base import Commands
from flask_things.cli.transfer import FILE, bar
from flask_things.db.backend import Refused
from flask_things.db.session import db
from flask_things.migrations import prepare
from flask_things.security.tokens import list_tokens


@click.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="FILE is a directory: keep this many backups there.",
)
@click.argument("file", type=FILE)
@with_appcontext
def backup(file: Path, keep: int | None) -> None:
    """Copy the database to FILE while the server runs, and verify the copy.

    An existing FILE is replaced once the copy is verified. With --keep, FILE is a directory: the
    backup is named by the time in UTC, and the oldest ones are removed once it is verified.
    """
    removed: list[Path] = []
    with _page_bar("Backup") as progress:
        if keep:
            file, removed = copies.back_up_into(_database(), file, keep, progress)
        else:
            backups.back_up(_database(), file, progress)
    _report(file)
    for old in removed:
        click.echo(f"{old}: Removed.", err=True)


@click.command()
@click.option("--force", is_flag=True, help="Replace an existing database, including its tokens.")
@click.argument("file", type=FILE)
@with_appcontext
def restore(file: Path, force: bool) -> None:
    """Restore the database from the backup FILE.

    Without --force, no database may exist. Ids that were assigned since the backup are not reused.
    """
    database = _database()
    with _page_bar("Restore") as progress:
        kept = restores.restore(file, database, force=force, progress=progress)
    prepare(current_app)  # a running server could not read an older schema
    _report(database)
    if list_tokens(db.session):
        click.echo("The tokens are now those of the backup; see `flask tokens list`.", err=True)
    if kept:
        click.echo(f"The old file is kept as {kept}. Restart the server if it runs.", err=True)


def commands() -> Commands:
    """Return a group with these commands, named after the service."""
    return Commands("things", [backup, restore], help="Back up, restore, export and import things.")


def _database() -> Path:
    """Return the path of the SQLite database."""
    if db.engine.dialect.name != "sqlite":
        raise Refused("This command supports SQLite only. Use pg_dump for PostgreSQL.")
    return Path(db.engine.url.database or "").resolve()


def _report(file: Path) -> None:
    """Print how many rows of each resource a database has."""
    with closing(backups.connect(file, "ro")) as connection:
        counts = []
        for resource in current_app.extensions["resources"]:
            query = f'SELECT count(*) FROM "{resource.table.name}"'  # noqa: S608
            [number] = connection.execute(query).fetchone()
            counts.append(f"{number} {resource.words['many']}")
    click.echo(f"{file}: {', '.join(counts)}.", err=True)


@contextmanager
def _page_bar(label: str) -> Iterator[backups.Progress]:
    """Show a progress bar, and yield the function that moves it."""
    with bar(label, 1) as shown:

        def progress(done: int, total: int) -> None:
            shown.length = total
            shown.update(done - shown.pos)

        yield progress
