"""What the database's errors mean to a client: not now (503), no room (507), or a defect (500)."""

from typing import Any

from sqlalchemy import ExceptionContext, Insert, exc

from flask_things.backend import Away, Refused
from flask_things.limits import BULK_MAX_ITEMS, ID_MAX
from flask_things.sqlite_file import error_name, sqlite3

#: The errors of a full disk: SQLite's names (https://www.sqlite.org/rescode.html) and PostgreSQL's
#: codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100")

#: PostgreSQL's code for a sequence that has reached its end. SQLite has none of its own.
SEQUENCE_ENDS = "2200H"

#: How the errors begin that mean: not now. No code at all has a server that cannot be reached.
AWAY = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_PROTOCOL",
    "SQLITE_READONLY",
    "08",  # the connection broke
    "25P03",  # a transaction was left open for too long
    "25006",  # a server that only reads, as before it is promoted
    "40",  # two transactions were in each other's way
    "53",  # too many connections, too little memory
    "55P03",  # the wait for a lock was too long
    "57",  # the server is starting or stopping, or has ended what took too long
    "58",  # its disk fails
)


class NoIdLeft(Refused):
    """There is no id for a new row (507)."""

    def __init__(self) -> None:
        super().__init__(
            f"No id is left: the highest possible one is {ID_MAX}. Nothing was stored."
        )


def refuse_spent_ids(context: ExceptionContext) -> None:
    """Raise NoIdLeft in the place of an error that means so (a listener to handle_error)."""
    code = _driver_code(context.original_exception)
    if code == SEQUENCE_ENDS or (code == "SQLITE_FULL" and _are_ids_spent(context)):
        raise NoIdLeft from context.original_exception


def _are_ids_spent(context: ExceptionContext) -> bool:
    """Tell whether an INSERT failed for want of ids: SQLite has no error of its own for that."""
    compiled = context.execution_context and context.execution_context.compiled
    if not (context.connection and compiled and isinstance(compiled.statement, Insert)):
        return False
    name = compiled.statement.table.name
    driver: Any = context.connection.connection.driver_connection
    query = (
        f'SELECT max(id) FROM (SELECT max(rowid) AS id FROM "{name}" '  # noqa: S608
        "UNION ALL SELECT seq FROM sqlite_sequence WHERE name = ?)"
    )
    try:
        [highest] = driver.execute(query, [name]).fetchone()
    except sqlite3.Error:  # the disk is so full that nothing can be read either
        return False
    return (highest or 0) > ID_MAX - BULK_MAX_ITEMS  # a bulk call may need more than one


def is_full(error: Exception) -> bool:
    """Tell whether the database has no room: nothing was written, and reads still work."""
    return _code(error) in FULL


def is_away(error: Exception) -> bool:
    """Tell whether the database cannot be used now, through no defect of ours."""
    if isinstance(error, exc.OperationalError) and not _code(error):
        return True
    return isinstance(error, Away | exc.TimeoutError) or _code(error).startswith(AWAY)


def _code(error: Exception) -> str:
    return _driver_code(getattr(error, "orig", None))


def _driver_code(error: object) -> str:
    return error_name(error) or getattr(error, "sqlstate", None) or ""
