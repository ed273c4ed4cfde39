"""Error handling and signals of our `flask` commands."""

import signal
import sys
from typing import Any, NoReturn

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from flask_things.db.backend import Refused
from flask_things.db.errors import Conflict
from flask_things.db.sqlite.file import sqlite3


class Commands(AppGroup):
    """Commands that print an error as one line, and clean up on SIGTERM."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        Raises ClickException, which click prints as one line before it exits with 1.
        """
        before = signal.signal(signal.SIGTERM, _stop)
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click exits quietly
        except (Conflict, Refused, OSError, sqlite3.Error, SQLAlchemyError) as error:
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
