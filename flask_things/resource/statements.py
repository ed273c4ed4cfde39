"""Statements for one row of a table, cached because building them takes longer than executing."""

from sqlalchemy import BigInteger, Table, bindparam, delete, insert, select, update

from flask_things.db.ids import ID_MAX
from flask_things.db.prepared import Prepared
from flask_things.resource.schemas.writer import Writer


class Statements:
    """Each statement returns the row. All but `insert` take its id from `this`."""

    def __init__(self, table: Table, writer: Writer) -> None:
        columns = [*table.c]
        this = table.c.id == bindparam("row_id_", type_=BigInteger())  # this() checks it
        one = select(*columns).where(this)
        written = writer.query(one)
        self.get = Prepared(one, columns)
        self.get_written = Prepared(written, [*written.selected_columns])
        self.lock = Prepared(one.with_for_update(), columns)
        self.insert = Prepared(insert(table).returning(*columns), columns)
        self.update = Prepared(update(table).where(this).returning(*columns), columns)
        self.delete = Prepared(delete(table).where(this).returning(table.c.id), [table.c.id])
        #: For many rows, returned in their order. SQLAlchemy executes it.
        self.insert_many = insert(table).returning(*columns, sort_by_parameter_order=True)


def this(row_id: int) -> dict[str, int]:
    """Return the parameter for an id. An impossible id becomes 0, which no row has."""
    return {"row_id_": row_id if row_id <= ID_MAX else 0}
