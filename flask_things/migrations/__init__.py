"""The history of the schema (Alembic), and its upgrade."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import Flask, current_app
from flask_migrate import Migrate
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from flask_things.db.backend import Backend, Refused, Unavailable, Unusable
from flask_things.db.journal import adopt
from flask_things.db.session import backend_of, db
from flask_things.db.sqlite.file import sqlite3
from flask_things.setting_values import without_password

HERE = Path(__file__).parent

# Rebuilding a table (Alembic's "batch") drops AUTOINCREMENT with its memory, and ids of deleted
# rows would be reused. So Alembic must not generate that.
migrate = Migrate(directory=HERE, render_as_batch=False)


@cache
def newest_revision() -> str | None:
    """Return the revision that this code requires."""
    return ScriptDirectory(HERE).get_current_head()


def is_current(connection: Connection) -> bool:
    """Return whether the database has the schema that this code requires."""
    return revision_of(connection) == newest_revision()


def is_known(revision: str | None) -> bool:
    """Return whether this code can read or upgrade a revision of the schema."""
    return revision in [script.revision for script in ScriptDirectory(HERE).walk_revisions()]


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the database's schema, or None without a schema of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def prepare(app: Flask) -> bool:
    """Create the database or upgrade its schema. Nothing is ever dropped.

    Call it once, before the workers start. Returns whether the database had no schema of ours.
    Raises Refused with one line of advice.
    """
    with app.app_context():
        try:
            with examined() as backend:
                revision = _revision() if backend.is_made() else None
                if revision != newest_revision():
                    command.upgrade(current_app.extensions["migrate"].migrate.get_config(), "head")
                adopt_journal()
        finally:
            db.engine.dispose()  # no worker may inherit a connection
    return revision is None


@contextmanager
def examined() -> Iterator[Backend]:
    """Yield the backend of a usable database.

    Raises Refused with one line of advice if the database is unusable or the block fails.
    """
    backend = backend_of(db.session)
    setting = f"THINGS_DATABASE_URL: {without_password(db.engine.url)}"
    try:
        db.engine.dispose()  # the check needs the database without connections
        backend.examine()
        yield backend
    except CommandError as error:
        hint = "It may be a newer flask-things's: use that one, or choose another database."
        raise Refused(f"{setting}: {error}. {hint}") from error
    except (OSError, SQLAlchemyError, sqlite3.Error, Unavailable, Unusable) as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())
        raise Refused(f"{setting}: {reason}") from error
    except RuntimeError as error:  # from a migration, which imports none of our exceptions
        raise Refused(str(error)) from error


def adopt_journal() -> None:
    """Restart a journal that came with a dump from another PostgreSQL server."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            adopt(connection)


def _revision() -> str | None:
    with db.engine.connect() as connection:
        return revision_of(connection)
