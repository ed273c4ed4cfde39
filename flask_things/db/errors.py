"""Classifies database errors: unavailable (503), full (507), or a bug (500)."""

from sqlalchemy import exc

from flask_things.db.backend import Unavailable
from flask_things.db.sqlite.file import error_name

#: Errors of a full disk: SQLite's names (https://www.sqlite.org/rescode.html) and PostgreSQL's
#: codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100")

#: Prefixes of temporary errors. If the server cannot be reached, there is no code at all.
AWAY = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_PROTOCOL",
    "SQLITE_READONLY",
    "08",  # connection exceptions
    "25P03",  # idle in a transaction for too long
    "25006",  # read-only server, such as a standby before its promotion
    "42501",  # no privilege to write
    "40",  # deadlocks and serialization failures
    "53",  # too many connections or too little memory
    "55P03",  # lock timeout
    "57",  # the server is starting or stopping, or has cancelled a slow statement
    "58",  # disk errors of the server
)


class NotFound(LookupError):
    """The row does not exist (404)."""


class Gone(LookupError):
    """Something no longer exists (410)."""


class Invalid(ValueError):
    """Values cannot be stored (422). The argument has messages by field, or by item and field."""


class Conflict(ValueError):
    """A conflict with stored rows (409). The argument is as for Invalid, or a sentence."""


def is_full(error: Exception) -> bool:
    """Return whether the disk is full. Nothing was written, and reads still work."""
    return _code(error) in FULL


def is_away(error: Exception) -> bool:
    """Return whether the database is unavailable for an external reason."""
    if isinstance(error, exc.OperationalError) and not _code(error):
        return True
    return isinstance(error, Unavailable | exc.TimeoutError) or _code(error).startswith(AWAY)


def is_not_writable(error: Exception) -> bool:
    """Return whether SQLite's file or its lock file is not writable."""
    return _code(error).startswith("SQLITE_READONLY") or isinstance(error.__cause__, OSError)


def breaks_unique(error: Exception) -> bool:
    """Return whether another row has the same unique value."""
    return _code(error) == "23505" or _failed(error).startswith("UNIQUE")


def breaks_check(error: Exception) -> str:
    """Return the name of the violated CHECK constraint, or an empty string."""
    if _code(error) == "23514":
        return str(error.orig.diag.constraint_name)  # type: ignore[attr-defined]
    kind, _, name = _failed(error).partition(" constraint failed: ")
    return name if kind == "CHECK" else ""


def breaks_reference(error: Exception) -> bool:
    """Return whether a row refers to a missing row, or another row refers to the deleted one."""
    return _code(error) in ("23503", "23001") or _failed(error).startswith("FOREIGN KEY")


def _failed(error: Exception) -> str:
    """Return SQLite's message. Its error code depends on the version and the driver."""
    return str(getattr(error, "orig", "")) if isinstance(error, exc.IntegrityError) else ""


def _code(error: Exception) -> str:
    return driver_code(getattr(error, "orig", None))


def driver_code(error: object) -> str:
    """Return the name or code of a driver's error, or an empty string."""
    return error_name(error) or getattr(error, "sqlstate", None) or ""
