"""How Alembic meets the database: `flask db …` and the start of the server both come through here.

One transaction, which takes SQLite's write lock first: of two servers that start at once, the
second waits and finds the work done; a start that is killed half way leaves nothing behind.
"""

from pathlib import Path

from alembic import context
from flask import current_app
from sqlalchemy import Engine

migrate = current_app.extensions["migrate"]


def make_file(engine: Engine) -> None:
    """Make the database's folder, and put the file in WAL mode.

    There a read never makes a write wait, be it that of a forgotten `flask shell`. The mode stays
    with the file; it cannot be set inside a transaction.
    """
    Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    connection = engine.raw_connection()
    connection.cursor().execute("PRAGMA journal_mode = WAL")
    connection.close()


def run_migrations(engine: Engine) -> None:
    """Run what is missing."""
    immediate = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with immediate.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            transactional_ddl=True,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


make_file(migrate.db.engine)
run_migrations(migrate.db.engine)
