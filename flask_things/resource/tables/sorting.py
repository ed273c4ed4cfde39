"""What rows are sorted by: a column, or the beginning of a text."""

from typing import Any

from sqlalchemy import Column, ColumnElement, FunctionElement
from sqlalchemy import Text as PlainText
from sqlalchemy.ext.compiler import compiles

from flask_things.db.types import Choice, Text

#: By how much of a text rows are sorted, in characters: an index over whole ones would be too big,
#: and a cursor, which holds it, too long for a URL.
SORT_CHARACTERS = 200


def is_text(column: Column[Any]) -> bool:
    """Tell whether a column has texts."""
    return isinstance(column.type, Text | Choice)


class Head(FunctionElement[str]):
    """The beginning of a text, in the order of code points, as the index of a sort has it."""

    inherit_cache = True
    type = PlainText()


@compiles(Head)
def _compile(element: Head, compiler: Any, **options: Any) -> str:
    head = f"substr({compiler.process(element.clauses, **options)}, 1, {SORT_CHARACTERS})"
    return f'({head} COLLATE "C")' if compiler.dialect.name == "postgresql" else head


class Unindexed(FunctionElement[Any]):
    """A column; on SQLite one that no index has. PostgreSQL's statistics tell it what to use."""

    inherit_cache = True

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unindexed)
def _compile_unindexed(element: Unindexed, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"+{column}" if compiler.dialect.name == "sqlite" else column


def sort_key(column: Column[Any]) -> ColumnElement[Any]:
    """Return what rows are sorted by when it is by a column."""
    return Head(column) if is_text(column) else column
