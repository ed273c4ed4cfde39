"""What the database's errors mean to a client: not now (503), no room (507), or a defect (500)."""

from sqlalchemy import exc

from flask_things.db.backend import Away
from flask_things.db.sqlite.file import error_name

#: The errors of a full disk: SQLite's names (https://www.sqlite.org/rescode.html) and PostgreSQL's
#: codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100")

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
    "42501",  # a user who may only read
    "40",  # two transactions were in each other's way
    "53",  # too many connections, too little memory
    "55P03",  # the wait for a lock was too long
    "57",  # the server is starting or stopping, or has ended what took too long
    "58",  # its disk fails
)


class NotFound(LookupError):
    """There is no such row (404)."""


class Gone(LookupError):
    """What was there once is not any more (410)."""


class Invalid(ValueError):
    """Values that cannot be stored (422). Its argument has messages by field, or by item first."""


class Conflict(ValueError):
    """A conflict with stored rows (409). Its argument is as that of Invalid, or a sentence."""


def is_full(error: Exception) -> bool:
    """Tell whether the database has no room: nothing was written, and reads still work."""
    return _code(error) in FULL


def is_away(error: Exception) -> bool:
    """Tell whether the database cannot be used now, through no defect of ours."""
    if isinstance(error, exc.OperationalError) and not _code(error):
        return True
    return isinstance(error, Away | exc.TimeoutError) or _code(error).startswith(AWAY)


def is_not_writable(error: Exception) -> bool:
    """Tell whether SQLite's file or the lock beside it cannot be written."""
    return _code(error).startswith("SQLITE_READONLY") or isinstance(error.__cause__, OSError)


def breaks_unique(error: Exception) -> bool:
    """Tell whether a row has a value that must be unique and that another row has."""
    return _code(error) == "23505" or _failed(error).startswith("UNIQUE")


def breaks_check(error: Exception) -> str:
    """Return the name of the CHECK constraint that a row breaks, or nothing."""
    if _code(error) == "23514":
        return str(error.orig.diag.constraint_name)  # type: ignore[attr-defined]
    kind, _, name = _failed(error).partition(" constraint failed: ")
    return name if kind == "CHECK" else ""


def breaks_reference(error: Exception) -> bool:
    """Tell whether a row refers to none, or another row still refers to a deleted one."""
    return _code(error) in ("23503", "23001") or _failed(error).startswith("FOREIGN KEY")


def _failed(error: Exception) -> str:
    """Return SQLite's message. Its code of a constraint depends on its version and its driver."""
    return str(getattr(error, "orig", "")) if isinstance(error, exc.IntegrityError) else ""


def _code(error: Exception) -> str:
    return driver_code(getattr(error, "orig", None))


def driver_code(error: object) -> str:
    """Return the name or the code that a database gives an error of its driver, or nothing."""
    return error_name(error) or getattr(error, "sqlstate", None) or ""
