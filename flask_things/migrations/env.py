"""How Alembic meets the database: `flask db …` and the start of the server both come through here.

It is one transaction, which takes SQLite's write lock first: one that is killed half way leaves
nothing behind.
"""

from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.types import TypeDecorator

#: FTS5's own name for each (https://www.sqlite.org/fts5.html#fts5_data_structures).
SEARCH_TABLES = {"thing_search"} | {f"thing_search_{part}" for part in ("config", "data", "idx")}

migrate = current_app.extensions["migrate"]


def make_file(engine: Engine) -> None:
    """Make the database's folder, and put the file in WAL mode.

    There reads and writes do not wait for each other. The mode stays with the file; it cannot be
    set inside a transaction.
    """
    Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def render_item(_kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write a type of ours as what it is in the database: migrations outlive today's models."""
    return f"sa.{item.impl!r}" if isinstance(item, TypeDecorator) else False


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave the tables of the search index alone: no model has them."""
    return kind != "table" or name not in SEARCH_TABLES


def run_migrations(engine: Engine) -> None:
    """Run what is missing."""
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
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


make_file(migrate.db.engine)
run_migrations(migrate.db.engine)
