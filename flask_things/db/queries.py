"""Queries: how statements are executed, and which of them off the event loop."""

from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Result, Row, Select, type_coerce
from sqlalchemy.types import NULLTYPE

from flask_things.db.backend import AnySession, call_directly
from flask_things.db.session import backend_of, engine_of, transaction
from flask_things.observability.timing import timed

#: How many rows a stream reads at once: with the longest texts, these take 8 MB.
STREAM_ROWS = 20


def rows(session: AnySession, statement: Executable, parameters: Any = None) -> Sequence[Row[Any]]:
    """Return the rows of a statement, as values that the session does not know of.

    Inside `writing` or `reading` it is a part of that. Else it is a read by itself, on a connection
    of its own: a session, which would have to learn of each row, takes three times as long.

    A slow statement is offloaded, so that the other requests of a worker go on: one that has a list
    of parameters, or the execution option `takes_long`. Raises Away (503) if too many others wait.
    """
    return read(session, statement, parameters, Result.all)  # type: ignore[no-any-return]


def read(
    session: AnySession, statement: Executable, parameters: Any, take: Callable[[Any], Any]
) -> Any:
    """Execute a statement as `rows` does, and return what `take` makes of its result.

    It need not read all of the result: SQLite makes one row at a time.
    """
    takes_long = isinstance(parameters, list) or _takes_long(statement)
    engine = engine_of(session)
    offload = engine.get_execution_options()["backend"].offload
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
    """Return the rows of a query as they are read: all of one snapshot, on their own connection.

    The query is executed before the first row is asked for. Close the generator if you do not read
    it to its end. Raises Away (503) where too many others are open.
    """
    rows = _streamed(engine_of(session), query, parameters)
    next(rows)
    return rows


def _streamed(engine: Engine, query: Select[Any], parameters: Any) -> Generator[Any]:
    offload = engine.get_execution_options()["backend"].offload
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
    """Return a query for the same values as the driver has them: what types load takes longer.

    It is made once for a query, as to make one takes longer than to execute it.
    """
    columns: Any = query.selected_columns
    stored = [type_coerce(column, NULLTYPE).label(column.key) for column in columns]
    return query.with_only_columns(*stored, maintain_column_froms=True)  # type: ignore[return-value]


def locked(session: AnySession, query: Select[Any], parameters: Any = None) -> Sequence[Row[Any]]:
    """Return the rows of a query inside `writing`; nobody else can change them before its end."""
    limit_wait(session)
    return rows(session, _for_update(query), parameters)


def limit_wait(session: AnySession) -> None:
    """Limit how long what follows inside `writing` waits for rows."""
    if joined := transaction():
        backend_of(session).limit_wait(joined)


#: Made once: with a statement of this moment, SQLAlchemy looks through all of its columns.
_for_update = lru_cache(maxsize=100)(Select[Any].with_for_update)
