"""Statements about one row: compiled once, and executed by the driver.

SQLAlchemy's Connection takes five times as long as such a statement, mostly for work that is the
same each time. The pool, the column types and the errors are still SQLAlchemy's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Dialect, Row
from sqlalchemy.engine import result_tuple

from flask_things.db import ids
from flask_things.db.backend import AnySession, engine_backend
from flask_things.db.queries import rows
from flask_things.db.session import engine_of, transaction
from flask_things.observability.timing import timed

#: Converts a value to or from the driver's form; None if both are the same.
Processor = Callable[[Any], Any] | None


class Compiled(NamedTuple):
    """A statement compiled for one database and one set of parameter names."""

    source: Any
    sql: str
    parameters: Sequence[tuple[str, Processor]]
    is_incomplete: bool  # SQLAlchemy has to compute the values of some columns

    def values(self, given: Mapping[str, Any]) -> Any:
        """Return the parameters in the driver's form. Raises ValueError if a column type does."""
        values = [load(given[name]) if load else given[name] for name, load in self.parameters]
        if self.source.positional:
            return values
        return dict(zip((name for name, _ in self.parameters), values, strict=True))


class Prepared:
    """A statement that returns rows of some columns."""

    def __init__(self, statement: Any, columns: Sequence[Column[Any]]) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[tuple[str, ...], Compiled] = {}
        self._makers: dict[str, Callable[[Any], Row[Any]]] = {}

    def rows(self, session: AnySession, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """Return the rows. Inside `writing` or `reading`, the statement joins that transaction.

        Raises SQLAlchemy's errors, and ValueError if a column type does.
        """
        if joined := transaction():
            return self._join(joined, parameters)
        engine = engine_of(session)
        dialect, backend = engine.dialect, engine_backend(engine)
        try:
            with timed("database"), backend.reader() as connection:
                compiled = self._compile(dialect, parameters)
                values = compiled.values(parameters)
                return self._execute(connection.driver_connection, dialect, compiled, values)
        except dialect.loaded_dbapi.Error:  # retry with SQLAlchemy, which raises its own error
            return rows(session, self._statement, parameters)

    def _join(self, joined: Connection, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        compiled = self._compile(joined.dialect, parameters)
        if compiled.is_incomplete:
            return joined.execute(self._statement, parameters).all()
        values = compiled.values(parameters)
        driver = joined.connection.driver_connection
        try:
            return self._execute(driver, joined.dialect, compiled, values)
        except BaseException as error:  # noqa: BLE001 - raised again by the last line
            ids.explain(error, joined, compiled.source)
            # Private: Connection.execute() calls it, and no public function wraps the error.
            joined._handle_dbapi_exception(error, compiled.sql, None, None, None)

    def _execute(
        self, driver: Any, dialect: Dialect, compiled: Compiled, values: Any
    ) -> Sequence[Row[Any]]:
        cursor = driver.execute(compiled.sql, values)
        found = cursor.fetchall()
        make = self._makers.get(dialect.name)
        if make is None:
            make = self._makers[dialect.name] = _maker(self._columns, dialect, cursor.description)
        return [make(row) for row in found]

    def _compile(self, dialect: Dialect, parameters: Mapping[str, Any]) -> Compiled:
        key = (dialect.name, *parameters)
        if key not in self._compiled:
            source = self._statement.compile(dialect=dialect, column_keys=[*parameters])
            names = source.positiontup or source.binds
            loads = [
                (name, source.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in names
            ]
            self._compiled[key] = Compiled(source, source.string, loads, bool(source.prefetch))
        return self._compiled[key]


def _maker(
    columns: Sequence[Column[Any]], dialect: Dialect, description: Any
) -> Callable[[Any], Row[Any]]:
    """Return a function that makes a row of the driver's values."""
    make = result_tuple([column.name for column in columns])
    loads = [
        column.type.dialect_impl(dialect).result_processor(dialect, kind[1])
        for column, kind in zip(columns, description, strict=True)
    ]
    if not any(loads):
        return make
    return lambda values: make(
        [load(value) if load else value for load, value in zip(loads, values, strict=True)]
    )
