"""The statements about one row of a table, made once: that takes longer than to execute them."""

from sqlalchemy import Table, bindparam, delete, insert, select, update

from flask_things.db.ids import ID_MAX
from flask_things.db.prepared import Prepared


class Statements:
    """Each returns the row; all but `insert` take its id as `this` returns it."""

    def __init__(self, table: Table) -> None:
        columns, this = [*table.c], table.c.id == bindparam("row_id_")
        one = select(*columns).where(this)
        self.get = Prepared(one, columns)
        self.lock = Prepared(one.with_for_update(), columns)
        self.insert = Prepared(insert(table).returning(*columns), columns)
        self.update = Prepared(update(table).where(this).returning(*columns), columns)
        self.delete = Prepared(delete(table).where(this).returning(table.c.id), [table.c.id])
        #: For many rows, which it returns in their order; SQLAlchemy executes it.
        self.insert_many = insert(table).returning(*columns, sort_by_parameter_order=True)


def this(row_id: int) -> dict[str, int]:
    """Return the parameter; 0, which no row has, for an id that cannot be."""
    return {"row_id_": row_id if row_id <= ID_MAX else 0}
