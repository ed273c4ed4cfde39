"""`flask things …`: backups and their return, export and import."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from flask_things import backups
from flask_things.db import db, sqlite3

FILE = click.Path(path_type=Path)


class Things(AppGroup):
    """Commands whose failures are one line, and which tidy up when they are told to stop."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        before = signal.signal(signal.SIGTERM, _stop)
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # who read standard output wants no more, which click takes quietly
        except (backups.Refused, OSError, sqlite3.Error, SQLAlchemyError) as error:
            raise click.ClickException(_line(error)) from error
        finally:
            signal.signal(signal.SIGTERM, before)


def _stop(*_: Any) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def _line(error: Exception) -> str:
    reason: Any = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(reason, OSError) and reason.strerror:
        named = f"{reason.filename}: " if reason.filename else ""
        return f"{named}{reason.strerror}"
    return " ".join(str(reason).split())


things = Things("things", help="Back up, restore, export and import things.")


@things.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Copy the database to FILE while the server runs, and verify the copy.

    A FILE that is there is replaced, once the copy is sound.
    """
    with _bar("Backup") as progress:
        number = backups.back_up(_database(), file, progress)
    click.echo(f"{file}: {number} things.", err=True)


def _database() -> Path:
    """Return the path of the SQLite database."""
    if db.engine.dialect.name != "sqlite":
        raise click.ClickException(
            "This is for a database in a file. Of PostgreSQL, pg_dump makes backups."
        )
    return Path(db.engine.url.database or "")


@contextmanager
def _bar(label: str) -> Iterator[backups.Progress]:
    """Show a progress bar on standard error, if it is a terminal, and hand out what moves it."""
    with _progressbar(length=1, label=label) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress


def _progressbar(**options: Any) -> Any:
    return click.progressbar(file=sys.stderr, hidden=not sys.stderr.isatty(), **options)
