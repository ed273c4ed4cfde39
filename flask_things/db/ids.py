"""Ids that a database cannot assign: none is left, or another program has used them."""

from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, FromClause, Insert, Table, event

from flask_things.db.backend import Refused, Unavailable, engine_backend
from flask_things.db.errors import driver_code
from flask_things.db.sqlite.file import sqlite3

#: The highest id of SQLite's rowid and PostgreSQL's bigint.
ID_MAX = 2**63 - 1

#: The most ids that one statement needs: a bulk call inserts many rows.
SPARE_IDS = 1000

#: PostgreSQL's codes for an exhausted sequence and for a duplicate value.
SEQUENCE_ENDS, NOT_UNIQUE = "2200H", "23505"


class NoIdLeft(Refused):
    """No id is left for a new row (507)."""

    def __init__(self) -> None:
        super().__init__(
            f"No id is left: the highest possible id is {ID_MAX}. Nothing was changed."
        )


def listen(engine: Engine) -> None:
    """Raise NoIdLeft or Unavailable if an INSERT fails because it gets no id."""
    event.listen(engine, "handle_error", _explain)


def _explain(context: ExceptionContext) -> None:
    compiled = context.execution_context and context.execution_context.compiled
    if context.connection and compiled:
        explain(context.original_exception, context.connection, compiled)


def explain(error: Any, connection: Connection, compiled: Any) -> None:
    """Raise NoIdLeft or Unavailable if a driver's error means this."""
    if not isinstance(compiled.statement, Insert):
        return
    code, table = driver_code(error), compiled.statement.table
    driver: Any = connection.connection.driver_connection
    if code == SEQUENCE_ENDS or (code == "SQLITE_FULL" and _are_spent(driver, table.name)):
        raise NoIdLeft from error
    column = table.autoincrement_column if isinstance(table, Table) else None
    gives_ids = column is not None and column.name not in compiled.params
    if code == NOT_UNIQUE and gives_ids and error.diag.constraint_name == f"{table.name}_pkey":
        _skip_taken(connection.engine, table)
        raise Unavailable(
            "another program has stored rows with ids that were not assigned yet"
        ) from error


def _are_spent(driver: Any, table: str) -> bool:
    """Return whether a table has no id left. SQLite reports a full disk with the same error."""
    query = (
        f'SELECT max(id) FROM (SELECT max(rowid) AS id FROM "{table}" '  # noqa: S608
        "UNION ALL SELECT seq FROM sqlite_sequence WHERE name = ?)"
    )
    try:
        [highest] = driver.execute(query, [table]).fetchone()
    except sqlite3.Error:  # the disk is too full even for reads
        return False
    return (highest or 0) > ID_MAX - SPARE_IDS


def _skip_taken(engine: Engine, table: FromClause) -> None:
    """Move PostgreSQL's sequence past the stored ids.

    An INSERT with explicit ids leaves the sequence behind. SQLite considers the rows, too.
    """
    backend = engine_backend(engine)
    # The failed transaction holds no locks.
    with engine.begin() as connection, backend.importing(connection, table):
        pass
