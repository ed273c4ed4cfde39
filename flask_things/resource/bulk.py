"""Changes and deletes many rows at once, all or nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, select

from flask_things.db.backend import AnySession
from flask_things.db.errors import Invalid, NotFound
from flask_things.db.ids import ID_MAX
from flask_things.db.queries import locked, rows
from flask_things.db.session import dialect_of, writing
from flask_things.http.error_codes import Code, Message
from flask_things.resource.collection import Collection, Expect, Stored
from flask_things.resource.constraints import write
from flask_things.transport.uploads import BULK_BODY_MAX_BYTES
from flask_things.turns import let_others_run

#: How many rows to change before other requests run.
ROWS_PER_TURN = 10


class MissingRows(NotFound):
    """Some rows do not exist (404). `ids` has the missing ids by their positions in the request."""

    def __init__(self, name: str, ids: Mapping[int, int]) -> None:
        self.ids = ids
        listed = ", ".join(map(str, ids.values()))
        super().__init__(
            f"There is no {name} {listed}." if len(ids) == 1 else f"{len(ids)} ids do not exist."
        )


class Bulk:
    """Operations on many rows of a collection. Every method takes a session and commits it.

    `expect` checks preconditions just before the write, under its locks. Its exceptions propagate.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection, table = collection, collection.table
        ids = table.c.id.in_(bindparam("ids", expanding=True, type_=BigInteger))
        # Ordered by id, so that two transactions cannot deadlock.
        self._lock = select(table.c.id).where(ids).order_by(table.c.id)
        self._delete = _slow(delete(table).where(ids).returning(table.c.id))
        self._name = table.name.replace("_", " ")

    def update(
        self,
        session: AnySession,
        items: Sequence[Mapping[str, Any]],
        *,
        expect: Expect | None = None,
    ) -> Sequence[Stored]:
        """Change rows as `Collection.update` does, and return them in the order of the items.

        Each item has a different `id`. Raises MissingRows (404), Conflict (409) and Invalid (422),
        also if the changed rows are larger than a bulk body may be.
        """
        rows: list[Stored] = []
        size = 0
        with writing(session, alone=len(items) > 1):
            self._expect(session, [item["id"] for item in items], expect)
            for number, item in enumerate(items):
                if number % ROWS_PER_TURN == ROWS_PER_TURN - 1:
                    let_others_run()
                fields = {name: value for name, value in item.items() if name != "id"}
                row = self._collection.get(session, item["id"])
                rows.append(self._change(session, row, fields, number))
                size += len(self._collection.writer.json(rows[-1]))
                if size > BULK_BODY_MAX_BYTES:
                    large = f"The rows have more than {BULK_BODY_MAX_BYTES} bytes. Change fewer."
                    raise Invalid({"_schema": [Message(large, Code.TOO_MANY, number)]})
        return rows

    def delete(
        self, session: AnySession, ids: Sequence[int], *, expect: Expect | None = None
    ) -> None:
        """Delete rows.

        Raises MissingRows (404), and Conflict (409) if another row refers to one of them.
        """
        with writing(session, alone=len(ids) > 1):
            self._expect(session, ids, expect)
            write(rows, session, self._delete, {"ids": ids})

    def delete_selected(self, session: AnySession, limit: int, **selection: Any) -> int:
        """Delete up to `limit` rows of a selection, and return their number.

        Raises Conflict (409) if another row refers to one of them.
        """
        queries = self._collection.queries
        query, parameters = queries.page(dialect_of(session), limit=limit, **selection)
        row_id = self._collection.table.c.id
        found = row_id.in_(query.with_only_columns(row_id))
        selected = _slow(delete(self._collection.table).where(found).returning(row_id))
        with writing(session, alone=True):
            return len(write(rows, session, selected, parameters))

    def _change(
        self, session: AnySession, row: Stored, fields: Mapping[str, Any], number: int
    ) -> Stored:
        """Change a row. An error in its values points at its item."""
        try:
            return self._collection.change(session, row, fields, number)
        except Invalid as error:
            [messages] = error.args
            raise Invalid(messages if number in messages else {number: messages}) from error

    def _expect(self, session: AnySession, ids: Sequence[int], expect: Expect | None) -> None:
        """Lock the rows and check that they exist."""
        possible = {"ids": [row_id for row_id in ids if row_id <= ID_MAX]}
        found = {row_id for (row_id,) in locked(session, self._lock, possible)}
        if missing := {index: one for index, one in enumerate(ids) if one not in found}:
            raise MissingRows(self._name, missing)
        self._collection.expect(session, expect)


def _slow(statement: Any) -> Any:
    """Mark a statement for offloading: the search index takes up to 60 ms for a long text."""
    return statement.execution_options(takes_long=True)
