"""How Alembic meets the database: `flask db …` and the start of the server both come through here.

It is one transaction, in which nobody else writes. If it is killed half way, nothing has changed.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.types import TypeDecorator

from flask_things.db.backend import Backend
from flask_things.migrations import examined

#: The search index: on SQLite FTS5's own name for each of its tables
#: (https://www.sqlite.org/fts5.html#fts5_data_structures), on PostgreSQL one name.
SEARCH = {"thing_search", "ix_thing_folded"} | {
    f"thing_search_{part}" for part in ("config", "data", "idx")
}

migrate = current_app.extensions["migrate"]


def render_item(_kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write a type of ours as what it is in the database: migrations outlive today's models."""
    return f"sa.{item.impl!r}" if isinstance(item, TypeDecorator) else False


def include_name(name: str | None, _kind: str, _parents: Any) -> bool:
    """Leave the search index, and Litestream's own tables, alone: no model has them."""
    return not (name in SEARCH or str(name).startswith("_litestream_"))


def run_migrations(engine: Engine, backend: Backend) -> None:
    """Run what is missing."""
    with engine.begin() as connection:
        backend.begin_migration(connection)
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            transactional_ddl=True,
            render_item=render_item,
            include_name=include_name,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


with examined() as backend, backend.making():
    run_migrations(migrate.db.engine, backend)
    migrate.db.engine.dispose()  # what looks at the file's header next would drop its locks
