"""Executes queries, slow ones off the event loop."""

from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Result, Row, Select, type_coerce
from sqlalchemy.types import NULLTYPE

from flask_things.db.backend import AnySession, call_directly, engine_backend
from flask_things.db.session import backend_of, engine_of, transaction
from flask_things.observability.timing import timed

#: How many rows a stream reads at once. With the longest texts they take 8 MB.
STREAM_ROWS = 20


def rows(session: AnySession, statement: Executable, parameters: Any = None) -> Sequence[Row[Any]]:
    """Return the rows of a statement as plain values, not as objects of the session.

    Inside `writing` or `reading` it is part of that transaction. Otherwise it is a separate read on
    its own connection. Loading rows into a session takes three times as long.

    Slow statements are offloaded, so that the worker's other requests proceed: those with a list of
    parameters or the execution option `takes_long`. Raises Unavailable (503) if too many wait.
    """
    return read(session, statement, parameters, Result.all)  # type: ignore[no-any-return]


def read(
    session: AnySession, statement: Executable, parameters: Any, take: Callable[[Any], Any]
) -> Any:
    """Execute a statement as `rows` does, and return what `take` returns for its result.

    `take` need not read the whole result: SQLite produces one row at a time.
    """
    takes_long = isinstance(parameters, list) or _takes_long(statement)
    engine = engine_of(session)
    offload = engine_backend(engine).offload
    call = offload.call if takes_long else call_directly
    if joined := transaction():
        if takes_long:
            joined.info["took_long"] = True
        return call(_execute, joined, statement, parameters, take)
    turn = offload.slow_query() if takes_long else nullcontext()
    with turn, timed("database"), engine.connect() as connection:
        return call(_execute, connection, statement, parameters, take)


def _takes_long(statement: Executable) -> bool:
    return "takes_long" in statement.get_execution_options()


def _execute(connection: Connection, statement: Executable, parameters: Any, take: Any) -> Any:
    with connection.execute(statement, parameters) as result:
        return take(result)


def stream(session: AnySession, query: Select[Any], parameters: Any) -> Generator[Row[Any]]:
    """Return the rows of a query as they are read, from one snapshot on a separate connection.

    The query is executed before the first row is requested. Close the generator if you do not read
    it completely. Raises Unavailable (503) if too many exports are open.
    """
    rows = _streamed(engine_of(session), query, parameters)
    next(rows)
    return rows


def _streamed(engine: Engine, query: Select[Any], parameters: Any) -> Generator[Any]:
    offload = engine_backend(engine).offload
    takes_long = _takes_long(query)
    call = offload.call if takes_long else call_directly
    query = query.execution_options(yield_per=STREAM_ROWS)
    with offload.export(), engine.connect() as connection:
        with offload.slow_query() if takes_long else nullcontext():
            result = call(connection.execute, query, parameters)
        with result:
            yield
            while rows := call(result.fetchmany, STREAM_ROWS):
                yield from rows


@lru_cache(maxsize=1000)
def as_stored(query: Select[Any]) -> Select[Any]:
    """Return a query for the values as the driver returns them. Converting types takes longer.

    It is cached, because building it takes longer than executing it.
    """
    columns: Any = query.selected_columns
    stored = [type_coerce(column, NULLTYPE).label(column.key) for column in columns]
    return query.with_only_columns(*stored, maintain_column_froms=True)  # type: ignore[return-value]


def locked(session: AnySession, query: Select[Any], parameters: Any = None) -> Sequence[Row[Any]]:
    """Return the rows of a query inside `writing`, locked until its end."""
    limit_wait(session)
    return rows(session, _for_update(query), parameters)


def limit_wait(session: AnySession) -> None:
    """Limit how long the rest of a `writing` block waits for rows."""
    if joined := transaction():
        backend_of(session).limit_wait(joined)


#: Cached: SQLAlchemy analyses all columns of a new statement.
_for_update = lru_cache(maxsize=100)(Select[Any].with_for_update)
