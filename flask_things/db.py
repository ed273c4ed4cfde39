"""The database: `db`, and how SQLite is tuned."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # no wheel for this machine; see setup.cfg
    import sqlite3

#: Earlier ones can corrupt a database in WAL mode when two connections write and checkpoint at the
#: same moment (https://www.sqlite.org/wal.html#walresetbug).
SOUND_SQLITE = (3, 51, 3)

#: How long a write waits for another one to end, in seconds.
BUSY_TIMEOUT_S = 5


AnySession = Session | scoped_session[Any]


class Base(DeclarativeBase):
    """What every table inherits."""


# Without expire_on_commit=False, answering a POST would read the thing again after the commit, and
# crash if another client had deleted it in between.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def init_app(app: Flask) -> None:
    """Bind `db` to the application and tune every connection it will open."""
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "module": sqlite3,
        "connect_args": {"timeout": BUSY_TIMEOUT_S},
    }
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "connect", _leave_transactions_to_us)
        event.listen(db.engine, "begin", _begin)


@contextmanager
def writing(session: AnySession) -> Iterator[None]:
    """Run the block as one transaction that writes: committed at its end, rolled back on an error.

    It takes SQLite's write lock at once and waits for it if need be. A transaction that reads first
    and wants to write later is refused without waiting when another one wrote in between.
    """
    session.commit()  # a read may have left a transaction open, as in `flask shell`
    with session.begin():
        session.connection(execution_options={"sqlite_begin": "BEGIN IMMEDIATE"})
        yield


def sqlite_error(error: DBAPIError) -> str:
    """Return SQLite's name for an error, like "SQLITE_BUSY"; "" if it has none."""
    return getattr(error.orig, "sqlite_errorname", "")


def log_sqlite_version(logger: logging.Logger) -> None:
    """Say which SQLite runs, and warn of one that can corrupt the database."""
    logger.info("SQLite %s (%s)", sqlite3.sqlite_version, sqlite3.__name__.split(".")[0])
    if sqlite3.sqlite_version_info < SOUND_SQLITE:
        logger.warning(
            "SQLite %s has the WAL-reset bug, which can corrupt a database that several processes "
            "write: use 3.51.3 or later",
            sqlite3.sqlite_version,
        )


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    # The driver would begin a transaction before a write only, and never an immediate one.
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
