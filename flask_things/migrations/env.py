"""Runs migrations with Alembic, for `flask db …` and the start of the server.

It is one transaction without other writers. If it is killed halfway, nothing has changed.
"""

import warnings

from alembic import context
from flask import current_app
from sqlalchemy import Engine

from flask_things.db.backend import Backend
from flask_things.migrations import examined
from flask_things.migrations.autogenerate import name_filter, render_item

migrate = current_app.extensions["migrate"]


def run_migrations(engine: Engine, backend: Backend) -> None:
    """Run the missing migrations."""
    with engine.begin() as connection:
        backend.begin_migration(connection)
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            transactional_ddl=True,
            render_item=render_item,
            include_name=name_filter(connection),
            **migrate.configure_args,
        )
        with context.begin_transaction(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression")
            context.run_migrations()


with examined() as backend, backend.making():
    run_migrations(migrate.db.engine, backend)
    migrate.db.engine.dispose()  # reading the file's header later would drop SQLite's locks
