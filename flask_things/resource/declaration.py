"""What a resource is: its names, its table, and what is derived from its columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Row, Table

from flask_things.db.journal import Entry
from flask_things.http.json_provider import array, encode
from flask_things.resource import parameters
from flask_things.resource.bulk import Bulk
from flask_things.resource.collection import Collection
from flask_things.resource.history.trash import Trash
from flask_things.resource.history.versions import Versions
from flask_things.resource.schemas import documentation
from flask_things.resource.schemas.columns import filter_for
from flask_things.resource.schemas.derived import Fields, derive, own_fields
from flask_things.resource.schemas.writer import Writer
from flask_things.resource.selection import Queries
from flask_things.resource.tables.indexes import describe
from flask_things.resource.tables.ranges import bounds
from flask_things.resource.tables.record import Record

#: What no column may be called: what a deleted row has besides, a parameter of methods, and
#: attributes of SQLAlchemy's rows.
RESERVED = {"deleted_at", "expect", "t", "tuple"}

#: What no table may be called, as versions and changes of a row have these beside the row.
MEMBERS = {"at", "change", "id"}

#: What no filter may be called, as lists have parameters of these names.
PARAMETERS = {"after", "cursor", "id", "limit", "max_bytes", "q", "sort", "total"}

#: The description of a resource that has none of its own.
DESCRIPTION = "Create, find, change, delete and restore {many}. Export and follow them."


class Declaration:
    """A resource, without the operations that clients call.

    `name` is the plural, as in URLs, and `example` a body for the documentation. `q` searches the
    column `searched`. `filters` are the columns that narrow a list by a value, `ranges` those that
    do so by bounds, besides created_at and updated_at, and `sorts` those that sort it, besides
    these and id. `fields` is a class whose fields replace those derived from the columns. Raises
    TypeError for a declaration that cannot work.
    """

    def __init__(
        self,
        name: str,
        model: type[Record],
        *,
        example: Mapping[str, Any],
        searched: str | None = None,
        filters: Sequence[str] = (),
        ranges: Sequence[str] = (),
        sorts: Sequence[str] = (),
        fields: type[Fields] = Fields,
        description: str = "",
    ) -> None:
        table = cast(Table, model.__table__)
        _refuse(RESERVED & set(table.c.keys()), "columns")
        _refuse(MEMBERS & {table.name}, "tables")
        _refuse(PARAMETERS & set(filters), "filters")
        _refuse(bounds(ranges).keys() & set(table.c.keys()), "columns")
        describe(table, searched=searched, sorts=sorts, filters=filters, ranges=ranges)
        self.name, self.model, self.table, self.searched = name, model, table, searched
        self.schemas, self.words = derive(model, example, fields), words(name, model)
        documentation.describe(self.schemas, model, self.words)
        columns, own = dict(table.c), own_fields(fields)
        self.writer = Writer(self.schemas.output, columns, own)
        queries = Queries(table, searched=searched, filters=filters, ranges=ranges, sorts=sorts)
        self.collection = Collection(table, queries, self.writer)
        self.bulk = Bulk(self.collection)
        deleted = Writer(self.schemas.deleted, {**columns, "deleted_at": Entry.__table__.c.at}, own)
        self.trash = Trash(self.collection, self.schemas.record(exclude=["id"]), deleted)
        self.versions = Versions(table, self.writer)
        given = self.schemas.input().fields
        narrowing = {name: filter_for(given[name]) for name in filters}
        self.selection, self.page = parameters.derive(name, queries, narrowing, example)
        #: Whether all fields are values of columns.
        self.is_plain = fields is Fields
        self.description = description or DESCRIPTION.format_map(self.words)

    def write_row(self, row: Any) -> bytes:
        """Return the JSON of a row as a response has it; what has its attributes is dumped."""
        if not isinstance(row, Row):
            return encode(self.schemas.output().dump(row))
        return self.writer.json(row) + b"\n"

    def write_rows(self, rows: Iterable[Any]) -> bytes:
        """Return the JSON of rows as a response has it."""
        return array(self.write_row(row)[:-1] for row in rows)

    def shell_names(self) -> dict[str, Any]:
        """Return what `flask shell` knows of the resource, by names that no other resource has."""
        rows = self.collection
        one, many = self.table.name, self.name.replace("-", "_")
        return {
            self.model.__name__: self.model,
            f"list_{many}": rows.find,
            f"count_{many}": rows.count,
            f"export_{many}": rows.export,
            f"create_{many}": rows.create_many,
            f"update_{many}": self.bulk.update,
            f"delete_{many}": self.bulk.delete,
            f"get_{one}": rows.get,
            f"create_{one}": rows.create,
            f"update_{one}": rows.update,
            f"delete_{one}": rows.delete,
            f"restore_{one}": self.trash.restore,
        }


def _refuse(names: set[str], kind: str) -> None:
    if names:
        raise TypeError(
            f"These names are reserved, and not for {kind}: {', '.join(sorted(names))}."
        )


def words(name: str, model: type[Record]) -> dict[str, str]:
    """Return what texts call one row and many rows: the names of the table and of the resource."""
    one = model.__tablename__.replace("_", " ")
    return {
        "name": name,
        "one": one,
        "many": name.replace("-", " "),
        "a_one": f"{'an' if one[0] in 'aeiou' else 'a'} {one}",
        "parameter": f"{model.__tablename__}_id",
        "One": model.__name__,
        "Many": name.replace("-", " ").title().replace(" ", ""),
    }
