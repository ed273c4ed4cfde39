"""Checks references and unique values of rows.

The checks run inside the transaction that writes. SQLite has no other writer then, and PostgreSQL
locks the referenced rows. If two rows race for a unique value, the unique index decides.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Row, Table, select
from sqlalchemy.exc import IntegrityError, StatementError

from flask_things.db.backend import AnySession
from flask_things.db.errors import Conflict, Invalid, breaks_check, breaks_reference, breaks_unique
from flask_things.db.queries import rows
from flask_things.http.error_codes import Code, Message

Values = Mapping[str, Any]

#: The foreign key actions that protect the referenced row.
KEPT = (None, "NO ACTION", "RESTRICT")


class Constraints:
    """The references and unique columns of a table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._references = [
            (column, next(iter(column.foreign_keys)).column)
            for column in table.c
            if column.foreign_keys
        ]
        self._unique = [column for column in table.c if column.unique]
        #: Whether any value must be unique, in one column or several.
        self.unique = bool(self._unique) or any(index.unique for index in table.indexes)
        #: Whether there is anything to check.
        self.exist = bool(self._references or self._unique)

    def check(
        self,
        session: AnySession,
        items: Sequence[Values],
        *,
        first: int | None = None,
        row_id: int = 0,
    ) -> None:
        """Check the values of new rows, or of changes to the row `row_id`.

        Raises Invalid (422) and Conflict (409), with messages by field. In a bulk call `first` is
        the number of the first item, and messages are by item and field.
        """
        for column, target in self._references:
            query = select(target).with_for_update(read=True, key_share=True)
            there = _there(session, column, query, target, items)
            if target.table is self._table:  # a restored row may refer to itself
                there |= {item.get(target.name) for item in items}
            values = _values(column, items)
            wrong = [number for number, value in values if value not in there]
            text = Message("Refers to a row that does not exist.", Code.NOT_FOUND)
            if wrong:
                raise Invalid(_messages(column, wrong, text, first))
        for column in self._unique:
            query = select(column).where(self._table.c.id != row_id)
            there = _there(session, column, query, column, items)
            wrong = []
            for number, value in _values(column, items):
                if value in there:
                    wrong.append(number)
                there.add(value)
            text = Message("Must be unique, but another row has this value.", Code.NOT_UNIQUE)
            if wrong:
                raise Conflict(_messages(column, wrong, text, first))

    def can_conflict(self, method: str) -> bool:
        """Return whether a request with this method can result in Conflict (409)."""
        if method == "DELETE":
            keys = (key for t in self._table.metadata.tables.values() for key in t.foreign_keys)
            return any(k.column.table is self._table and k.ondelete in KEPT for k in keys)
        return method != "GET" and bool(self._unique)


def write(execute: Callable[..., Sequence[Row[Any]]], *arguments: Any) -> Sequence[Row[Any]]:
    """Execute a write through a function, and return its rows.

    Raises Conflict (409) and Invalid (422) if a constraint fails, and ValueError if a column's type
    rejects a value.
    """
    try:
        return execute(*arguments)
    except IntegrityError as error:
        raise _conflict(error) from error
    except StatementError as error:
        if isinstance(error.orig, ValueError):
            raise error.orig from error
        raise


def _conflict(error: IntegrityError) -> Exception:
    """Return the Conflict (409) or Invalid (422) for the database's error, or the error itself."""
    if breaks_reference(error):
        return Conflict("Another row still refers to this one.")
    if breaks_unique(error):
        return Conflict("Another row has the same unique value.")
    rule = breaks_check(error)
    broken = Message(f"The values break the rule {rule}.", Code.RULE)
    return Invalid({"_schema": [broken]}) if rule else error


def _values(column: Column[Any], items: Sequence[Values]) -> list[tuple[int, Any]]:
    values = ((number, item.get(column.name)) for number, item in enumerate(items))
    return [(number, value) for number, value in values if value is not None]


def _there(
    session: AnySession,
    column: Column[Any],
    query: Any,
    target: Column[Any],
    items: Sequence[Values],
) -> set[Any]:
    wanted = {value for _, value in _values(column, items)}
    if not wanted:
        return set()
    return {value for (value,) in rows(session, query.where(target.in_(wanted)))}


def _messages(
    column: Column[Any], items: list[int], text: str, first: int | None
) -> dict[Any, Any]:
    by_field = {column.name: [text]}
    return by_field if first is None else {first + number: by_field for number in items}
