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
from flask_things.db.backend import (
    BACKEND,
    AnySession,
    Backend,
    engine_backend,
    joining,
    made,
)
from flask_things.db.postgresql import PostgreSQL
from flask_things.db.sqlite.engine import SQLite
from flask_things.db.types import ANNOTATIONS, compact
from flask_things.observability.timing import timed


class Base(DeclarativeBase):
    """The base class of all tables."""


class JoiningSession(FlaskSession):
    """A session that joins the transaction of `writing` or `reading`, inside such a block."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the transaction's connection, or an engine outside of a transaction."""
        return transaction() or super().get_bind(*args, **kwargs)


#: Small maintenance tasks, run at the end of each write transaction. They must not wait for locks,
#: because the transaction holds some.
CHORES: list[Callable[[Connection], None]] = []

#: A session joins a transaction in a savepoint, so a rollback undoes only its own part.
JOIN = "create_savepoint"

db = SQLAlchemy(
    model_class=Base,
    session_options={"class_": JoiningSession, "join_transaction_mode": JOIN},
)
Base.registry.update_type_annotation_map(ANNOTATIONS)


def init_app(app: Flask) -> None:
    """Bind `db` to the application.

    SQLite's driver begins a transaction with the first write, and none for a read. This is
    intended: a `flask shell` that has read and stays open blocks nobody, and sees later commits.
    """
    backend = _backend(app.config)
    options = {
        **backend.engine_options(),
        "execution_options": {BACKEND: backend},
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
    """Return a session's engine, without creating the session of a request."""
    return db.engine if session is db.session else session.get_bind().engine


def backend_of(session: AnySession) -> Backend:
    """Return the backend of a session's database."""
    return engine_backend(engine_of(session))


def dialect_of(session: AnySession) -> str:
    """Return the name of a session's database: "sqlite" or "postgresql"."""
    return engine_of(session).dialect.name


def transaction() -> Connection | None:
    """Return the connection of the enclosing `writing` or `reading` block, or None."""
    return g.get("transaction")  # type: ignore[no-any-return]


def joined() -> Connection:
    """Return the connection of the enclosing block, which must exist."""
    return g.transaction  # type: ignore[no-any-return]


@contextmanager
def writing(session: AnySession, *, alone: bool = False) -> Iterator[None]:
    """Run the block as one write transaction: commit at its end, roll back after an error.

    Rows that the block has `locked` cannot change before it writes. On SQLite there is no other
    writer; on PostgreSQL no other writer can change these rows. Raises Unavailable (503) if the
    wait for others takes too long. On SQLite, waiting writers share a commit, except a slow one
    that is `alone`, so that the others need not wait for it.

    A nested block joins the outer transaction; an error that is caught between the two undoes
    nothing. Unwritten changes of the session are committed before the block.
    """
    if transaction():
        yield
        _flush(session)  # so that a new row has its id
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
    """Run the block as one read transaction, which sees one snapshot.

    It counts as a slow query. Raises Unavailable (503) if too many others wait.
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
    """Wait, inside `writing`, until no other transaction holds this name, and hold it.

    It replaces a row lock if the row does not exist yet. Raises Unavailable or an OperationalError
    (503).
    """
    backend_of(session).take_turns(joined(), name)


def importing(session: AnySession, table: FromClause) -> AbstractContextManager[None]:
    """Run a block, inside `writing`, that stores rows with given ids in a table.

    Other writers get no id during the block, and none of these ids later.
    """
    return backend_of(session).importing(joined(), table)
