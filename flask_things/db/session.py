"""The database: `db` and its transactions."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, g
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine, FromClause
from sqlalchemy.orm import DeclarativeBase

from flask_things.db import ids
from flask_things.db.backend import AnySession, Backend, joining, made
from flask_things.db.postgresql import PostgreSQL
from flask_things.db.sqlite.engine import SQLite
from flask_things.db.types import ANNOTATIONS, compact
from flask_things.observability.timing import timed


class Base(DeclarativeBase):
    """What every table inherits."""


class JoiningSession(FlaskSession):
    """A session that inside `writing` or `reading` is a part of that transaction."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the transaction's connection, or else an engine."""
        return transaction() or super().get_bind(*args, **kwargs)


#: Small steps of work that can wait: each transaction that writes does them at its end, when it
#: holds locks. So they must not wait for any.
CHORES: list[Callable[[Connection], None]] = []

#: Where a session that joins a transaction begins and ends its part: what it undoes is only that.
JOIN = "create_savepoint"

db = SQLAlchemy(
    model_class=Base,
    session_options={"class_": JoiningSession, "join_transaction_mode": JOIN},
)
Base.registry.update_type_annotation_map(ANNOTATIONS)


def init_app(app: Flask) -> None:
    """Bind `db` to the application.

    That SQLite's driver begins a transaction with the first write, and none for a read, is wanted:
    a `flask shell` left open after a look at things holds nothing up and sees what others write.
    """
    backend = _backend(app.config)
    options = {
        **backend.engine_options(),
        "execution_options": {"backend": backend},
        "json_serializer": compact,
    }
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        backend.listen(db.engine)
        ids.listen(db.engine)


def _backend(config: dict[str, Any]) -> Backend:
    url, timeout = config["SQLALCHEMY_DATABASE_URI"], config["THINGS_BUSY_TIMEOUT_MS"]
    if url.get_backend_name() == "postgresql":
        return PostgreSQL(url, busy_timeout_ms=timeout)
    synchronous = config["THINGS_SQLITE_SYNCHRONOUS"]
    return SQLite(Path(url.database), busy_timeout_ms=timeout, synchronous=synchronous)


def engine_of(session: AnySession) -> Engine:
    """Return a session's engine. That of a request is not made for this."""
    return db.engine if session is db.session else session.get_bind().engine


def backend_of(session: AnySession) -> Backend:
    """Return what knows how a session's database is used."""
    return engine_of(session).get_execution_options()["backend"]  # type: ignore[no-any-return]


def dialect_of(session: AnySession) -> str:
    """Return the name of a session's database: "sqlite" or "postgresql"."""
    return engine_of(session).dialect.name


def transaction() -> Connection | None:
    """Return the connection of `writing` or `reading`, inside such a block."""
    return g.get("transaction")  # type: ignore[no-any-return]


def joined() -> Connection:
    """Return that connection where there must be one."""
    return g.transaction  # type: ignore[no-any-return]


@contextmanager
def writing(session: AnySession, *, alone: bool = False) -> Iterator[None]:
    """Run the block as one transaction that writes: committed at its end, rolled back on an error.

    What the block has `locked` is still so when it writes: on SQLite nobody else can write
    meanwhile, on PostgreSQL nobody else can write these rows. It waits for others if need be, and
    raises Away (503) when that takes too long. On SQLite, writers that wait share a commit, but
    for one that is to be `alone`: it takes long, and they would wait for it.

    Inside another such block it is a part of that one, and an error that is caught between the two
    undoes nothing. What the session held unwritten before is committed first.
    """
    if transaction():
        yield
        _flush(session)  # so that a new row has its id here, too
        return
    if (own := made(session)) and own.in_transaction():
        own.commit()
    with (
        timed("database"),
        backend_of(session).writing(session, alone=alone) as connection,
        _noted(connection),
    ):
        yield
        _flush(session)
        for chore in CHORES:
            chore(connection)


def _flush(session: AnySession) -> None:
    if own := made(session):
        own.flush()


@contextmanager
def reading(session: AnySession) -> Iterator[None]:
    """Run the block as one transaction that reads: all that it sees is of one moment.

    It counts as a slow query. Raises Away (503) where too many others wait.
    """
    if own := made(session):
        own.commit()
    backend = backend_of(session)
    with (
        backend.offload.slow_query(),
        timed("database"),
        backend.reading() as connection,
        _noted(connection),
        joining(session),
    ):
        yield


@contextmanager
def _noted(connection: Connection) -> Iterator[None]:
    g.transaction = connection
    try:
        yield
    finally:
        del g.transaction


def take_turns(session: AnySession, name: str) -> None:
    """Wait, inside `writing`, until no other such block has taken this name; then it is taken.

    For what is yet to be made, and cannot be found. Raises Away or an OperationalError (503).
    """
    backend_of(session).take_turns(joined(), name)


def importing(session: AnySession, table: FromClause) -> AbstractContextManager[None]:
    """Run a block inside `writing` that stores rows with ids of its own in a table.

    Nobody else is given an id meanwhile, nor one of these later.
    """
    return backend_of(session).importing(joined(), table)
