"""What all commands of `flask` have in common: how they fail, and how they are stopped."""

import signal
import sys
from typing import Any, NoReturn

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from flask_things import backups, records, tokens
from flask_things.backend import Away
from flask_things.sqlite_file import sqlite3


class Commands(AppGroup):
    """Commands whose failures are one line, and which tidy up when they are told to stop."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        before = signal.signal(signal.SIGTERM, _stop)
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # who read standard output wants no more, which click takes quietly
        except (
            backups.Refused,
            records.BadRecord,
            tokens.Refused,
            OSError,
            sqlite3.Error,
            SQLAlchemyError,
            Away,
            RuntimeError,
        ) as error:
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
