"""The columns of every resource's table: an id, two timestamps and a revision."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import literal_column
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from flask_things.db.session import db
from flask_things.db.types import Integer, UTCDateTime, utc_now
from flask_things.db.types.defaults import NOW


def _created_at(context: DefaultExecutionContext) -> Any:
    # With False, because SQLAlchemy cannot separate the rows of an INSERT with several rows.
    given = context.get_current_parameters(False)  # type: ignore[no-untyped-call]
    return given.get("created_at") or utc_now()


class Record(db.Model):  # type: ignore[name-defined]
    """A row of a resource."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=utc_now, server_default=NOW, sort_order=1
    )
    updated_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=_created_at, onupdate=utc_now, server_default=NOW, sort_order=2
    )
    #: The number of writes to the row; 0 if another program has inserted it (see triggers.py).
    revision: Mapped[int] = mapped_column(
        sa.Integer,
        default=1,
        server_default="0",
        onupdate=literal_column("revision + 1"),
        sort_order=3,
    )

    # AUTOINCREMENT: ids of deleted rows are not reused.
    __table_args__: Any = ({"sqlite_autoincrement": True},)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - a class method to SQLAlchemy
        # Writing a row that was read earlier, as in a shell, must not overwrite another change:
        # SQLAlchemy raises StaleDataError. Over HTTP the write lock prevents this.
        return {"version_id_col": cls.revision}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"
