"""Sort orders: by a column and then by id, and the rows after a position.

NULL comes first, on both databases.
"""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam


class Order(NamedTuple):
    """A sort order: a key, or None to sort by id only, and the id."""

    key: ColumnElement[Any] | None
    row_id: ColumnElement[Any]
    descending: bool
    nullable: bool  # as in the index
    has_nulls: bool

    def clauses(self) -> list[ColumnElement[Any]]:
        """Return the expressions of ORDER BY."""
        ids = self.row_id.desc() if self.descending else self.row_id.asc()
        if self.key is None:
            return [ids]
        turned: Any = self.key.desc() if self.descending else self.key.asc()
        if self.nullable:
            turned = turned.nulls_last() if self.descending else turned.nulls_first()
        return [turned, ids]

    def after(self, *, is_null: bool) -> list[tuple[ColumnElement[bool], list[Any]]]:
        """Return the conditions for the rows after a position, part by part, with their orders.

        `is_null` tells whether the key is NULL at the position.
        """
        order = self.clauses()
        by_id, beyond = order[-1:], self._beyond(self.row_id, "after_id")
        if self.key is None:
            return [(beyond, by_id)]
        alike = self.key.is_(None) if is_null else self.key == _place(self.key, "after")
        parts = [(and_(alike, beyond), by_id)]
        if is_null and not self.descending:
            parts.append((self.key.is_not(None), order))
        elif not is_null:
            parts.append((self._beyond(self.key, "after"), order))
            if self.descending and self.has_nulls:
                parts.append((self.key.is_(None), by_id))
        return parts

    def _beyond(self, key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        return key < _place(key, name) if self.descending else key > _place(key, name)


def _place(key: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=key.type)
