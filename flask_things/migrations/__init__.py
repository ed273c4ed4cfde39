"""The schema's history (Alembic), and how a database is brought up to date."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import Flask, current_app
from flask_migrate import Migrate
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from flask_things.db import db

HERE = Path(__file__).parent

# To change a table by rebuilding it (a "batch") drops AUTOINCREMENT and what it remembers: deleted
# ids would be given again. So Alembic shall not write that by itself.
migrate = Migrate(directory=HERE, render_as_batch=False)


@cache
def newest_revision() -> str | None:
    """Return the revision that this code is written for."""
    return ScriptDirectory(HERE).get_current_head()


def is_current(connection: Connection) -> bool:
    """Tell whether the database's schema is the one that this code is written for."""
    return MigrationContext.configure(connection).get_current_revision() == newest_revision()


def prepare(app: Flask) -> None:
    """Make the database, or bring its schema up to date. Nothing is ever dropped.

    Call it once, before there are workers. Raises RuntimeError with one line that says what to do.
    """
    with app.app_context():
        try:
            with _alone():
                _upgrade()
        except CommandError as error:
            hint = "Was it made by a newer flask-things?"
            raise RuntimeError(f"THINGS_DATABASE_URL: {db.engine.url}: {error}. {hint}") from error
        except (OSError, DatabaseError) as error:
            reason = getattr(error, "orig", error)
            raise RuntimeError(f"THINGS_DATABASE_URL: {db.engine.url}: {reason}") from error
        finally:
            db.engine.dispose()  # no worker may inherit a connection


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the database's folder for one process; of servers that start at once the others wait.

    SQLite changes to WAL mode only while nobody else looks, and would fail at once otherwise.
    """
    folder = _database().parent
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)


def _database() -> Path:
    return Path(db.engine.url.database or "")


def _upgrade() -> None:
    if _database().exists():
        with db.engine.connect() as connection:
            if is_current(connection):
                return
    command.upgrade(current_app.extensions["migrate"].migrate.get_config(), "head")
