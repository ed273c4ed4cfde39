"""Ids that a database cannot give: there is none left, or another program has taken them."""

from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, FromClause, Insert, Table, event

from flask_things.db.backend import Away, Refused
from flask_things.db.errors import driver_code
from flask_things.db.sqlite.file import sqlite3

#: The highest id: what SQLite's rowid and PostgreSQL's bigint can count to.
ID_MAX = 2**63 - 1

#: How many ids one statement may need at most: a bulk call stores many rows.
SPARE_IDS = 1000

#: PostgreSQL's codes for a sequence at its end, and for a value that a unique column has already.
SEQUENCE_ENDS, NOT_UNIQUE = "2200H", "23505"


class NoIdLeft(Refused):
    """There is no id for a new row (507)."""

    def __init__(self) -> None:
        super().__init__(
            f"No id is left: the highest possible one is {ID_MAX}. Nothing was stored."
        )


def listen(engine: Engine) -> None:
    """Raise NoIdLeft or Away instead of the errors of an INSERT that got no id."""
    event.listen(engine, "handle_error", _explain)


def _explain(context: ExceptionContext) -> None:
    compiled = context.execution_context and context.execution_context.compiled
    if context.connection and compiled:
        explain(context.original_exception, context.connection, compiled)


def explain(error: Any, connection: Connection, compiled: Any) -> None:
    """Raise NoIdLeft or Away if that is what an error of the driver means."""
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
        raise Away("another program has stored rows with ids that were not given yet") from error


def _are_spent(driver: Any, table: str) -> bool:
    """Tell whether SQLite, which says the same of a full disk, has no id left for a table."""
    query = (
        f'SELECT max(id) FROM (SELECT max(rowid) AS id FROM "{table}" '  # noqa: S608
        "UNION ALL SELECT seq FROM sqlite_sequence WHERE name = ?)"
    )
    try:
        [highest] = driver.execute(query, [table]).fetchone()
    except sqlite3.Error:  # the disk is so full that nothing can be read either
        return False
    return (highest or 0) > ID_MAX - SPARE_IDS


def _skip_taken(engine: Engine, table: FromClause) -> None:
    """Move PostgreSQL's sequence past the ids that are there.

    An INSERT that names its ids leaves the sequence behind. SQLite looks at the rows, too.
    """
    backend = engine.get_execution_options()["backend"]
    # The transaction that failed holds no lock any more.
    with engine.begin() as connection, backend.importing(connection, table):
        pass
