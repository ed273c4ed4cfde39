"""Server defaults, for other programs and for rows that exist when a column is added."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, DefaultClause, FunctionElement
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.ext.compiler import compiles

from flask_things.db.objects import literal
from flask_things.db.types import compact

#: The databases' dialects, for converting values.
DIALECTS: dict[str, Any] = {
    "sqlite": SQLiteDialect(),
    "postgresql": PGDialect(),  # type: ignore[no-untyped-call]
}

#: The current time in the format of columns.
SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
POSTGRESQL_NOW = "timezone('utc', statement_timestamp())"


class ServerDefault(FunctionElement[Any]):
    """An expression with SQL for each database."""

    inherit_cache = False

    def __init__(self, **sql: str) -> None:
        super().__init__()
        self.sql = sql


@compiles(ServerDefault)
def _compile(element: ServerDefault, compiler: Any, **_: Any) -> str:
    return element.sql[compiler.dialect.name]


NOW = ServerDefault(sqlite=f"({SQLITE_NOW})", postgresql=POSTGRESQL_NOW)


def add_server_default(column: Column[Any]) -> None:
    """Give a column its Python default also in the database, if that is a constant or `dict`."""
    default: Any = column.default
    if column.server_default is not None or default is None:
        return
    if default.is_callable and column.type.python_type is not dict:
        return
    value = default.arg(None) if default.is_callable else default.arg
    sql = {name: _literal(column, value, dialect) for name, dialect in DIALECTS.items()}
    column.server_default = DefaultClause(ServerDefault(**sql))


def _literal(column: Column[Any], value: Any, dialect: Any) -> str:
    stored = column.type.process_bind_param(value, dialect)  # type: ignore[attr-defined]
    match stored:
        case bool():
            return str(int(stored)) if dialect.name == "sqlite" else str(stored).lower()
        case int() | Decimal():
            return str(stored)
        case dict():
            return literal(compact(stored))
        case datetime():
            return literal(stored.isoformat(" ", "microseconds"))
        case _:
            return literal(str(stored))
