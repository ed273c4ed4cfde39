"""How Alembic meets the database: `flask db …` and the start of the server both come through here.

It is one transaction, in which nobody else writes. If it is killed half way, nothing has changed.
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
    """Run what is missing."""
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
    migrate.db.engine.dispose()  # what looks at the file's header next would drop its locks
