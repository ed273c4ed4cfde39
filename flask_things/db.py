"""The database: `db`, and how SQLite is tuned."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session

from flask_things.limits import ID_MAX

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # no wheel for this machine; see setup.cfg
    import sqlite3

#: Earlier ones can corrupt a database in WAL mode when two connections write and checkpoint at the
#: same moment (https://www.sqlite.org/wal.html#walresetbug).
SOUND_SQLITE = (3, 51, 3)

#: How long a write waits for others to end, in seconds. SQLite lets them go in no order: of many,
#: one may wait for as long as all the others take.
BUSY_TIMEOUT_S = 10

#: How SQLite's errors begin when the database cannot be used now.
AWAY = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_READONLY",
)

AnySession = Session | scoped_session[Any]
Row = TypeVar("Row")


class Base(DeclarativeBase):
    """What every table inherits."""


# Without expire_on_commit=False, answering a POST would read the thing again after the commit, and
# crash if another client had deleted it in between.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def init_app(app: Flask) -> None:
    """Bind `db` to the application, and set up SQLite.

    That its driver begins a transaction with the first write, and none for a read, is wanted: a
    `flask shell` left open after a look at things holds nothing up and sees what others write.
    """
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "module": sqlite3,
        "connect_args": {"timeout": BUSY_TIMEOUT_S},
    }
    db.init_app(app)


@contextmanager
def writing(session: AnySession) -> Iterator[None]:
    """Run the block as one transaction that writes: committed at its end, rolled back on an error.

    It takes SQLite's write lock before the block reads anything, and waits for it if need be: what
    the block read is still so when it writes. Inside another such block it is a part of that one,
    and an error that is caught between the two undoes nothing. What the session held unwritten
    before is committed first.
    """
    if session.info.get("writing"):
        yield
        session.flush()  # so that a new row has its id here, too
        return
    with _transaction(session, "BEGIN IMMEDIATE"):
        session.info["writing"] = True
        try:
            yield
        finally:
            del session.info["writing"]


@contextmanager
def reading(session: AnySession) -> Iterator[None]:
    """Run the block as one transaction that reads: all that it sees is of one moment."""
    with _transaction(session, "BEGIN"):
        yield


@contextmanager
def _transaction(session: AnySession, begin: str) -> Iterator[None]:
    session.commit()
    with session.begin():
        session.connection().exec_driver_sql(begin)
        yield


def find(session: AnySession, model: type[Row], row_id: int) -> Row | None:
    """Return the row with an id, as the database has it now; None if there is none.

    An id out of range is of no row, where the driver would raise an OverflowError.
    """
    if not 1 <= row_id <= ID_MAX:
        return None
    return session.get(model, row_id, populate_existing=True)


def is_full(error: DBAPIError) -> bool:
    """Tell whether the database has no room: nothing was written, and reads still work."""
    return _sqlite_error(error) == "SQLITE_FULL"


def is_away(error: DBAPIError) -> bool:
    """Tell whether the database cannot be used now, through no defect of ours."""
    return _sqlite_error(error).startswith(AWAY)


def log_sqlite_version(logger: logging.Logger) -> None:
    """Say which SQLite runs, and warn of one that can corrupt the database."""
    logger.info("SQLite %s (%s)", sqlite3.sqlite_version, sqlite3.__name__.split(".")[0])
    if sqlite3.sqlite_version_info < SOUND_SQLITE:
        logger.warning(
            "SQLite %s has the WAL-reset bug, which can corrupt a database that several processes "
            "write: use 3.51.3 or later",
            sqlite3.sqlite_version,
        )


def _sqlite_error(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", "")
