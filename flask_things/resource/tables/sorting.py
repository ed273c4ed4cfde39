"""Sort keys: a column, or the beginning of a text."""

from typing import Any

from sqlalchemy import Column, ColumnElement, FunctionElement
from sqlalchemy import Text as PlainText
from sqlalchemy.ext.compiler import compiles

from flask_things.db.types import Choice, Text

#: The characters of a text that are sorted. An index over whole texts would be too large, and a
#: cursor, which contains the key, too long for a URL.
SORT_CHARACTERS = 200


def is_text(column: Column[Any]) -> bool:
    """Return whether a column has texts."""
    return isinstance(column.type, Text | Choice)


class Head(FunctionElement[str]):
    """The beginning of a text, ordered by code point, as in the index of a sort order."""

    inherit_cache = True
    type = PlainText()


@compiles(Head)
def _compile(element: Head, compiler: Any, **options: Any) -> str:
    head = f"substr({compiler.process(element.clauses, **options)}, 1, {SORT_CHARACTERS})"
    return f'({head} COLLATE "C")' if compiler.dialect.name == "postgresql" else head


class Unindexed(FunctionElement[Any]):
    """A column that SQLite must not find through an index. PostgreSQL decides by its statistics."""

    inherit_cache = True

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unindexed)
def _compile_unindexed(element: Unindexed, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"+{column}" if compiler.dialect.name == "sqlite" else column


def sort_key(column: Column[Any]) -> ColumnElement[Any]:
    """Return the sort key of a column."""
    return Head(column) if is_text(column) else column
