"""The declaration of a resource: its names, its table, and all that its columns imply."""

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

#: Reserved column names: a field of deleted rows, a parameter of methods, and attributes of
#: SQLAlchemy's rows.
RESERVED = {"deleted_at", "expect", "t", "tuple"}

#: Reserved table names, because versions and changes have these members beside the row.
MEMBERS = {"at", "change", "id"}

#: Reserved filter names, because lists have parameters with these names.
PARAMETERS = {"after", "cursor", "id", "limit", "max_bytes", "q", "sort", "total"}

#: The description of a resource that has none of its own.
DESCRIPTION = "Create, find, change, delete and restore {many}. Export and follow them."


class Declaration:
    """A resource without its operations.

    `name` is the plural, as in URLs, and `example` is a request body for the documentation. `q`
    searches the column `searched`. `filters` are columns to select by value, `ranges` columns to
    select by bounds, in addition to created_at and updated_at, and `sorts` columns to sort by, in
    addition to these and id. `fields` is a class whose fields replace those derived from columns.
    Raises TypeError for an invalid declaration.
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
        #: Whether all fields are derived from columns.
        self.is_plain = fields is Fields
        self.description = description or DESCRIPTION.format_map(self.words)

    def write_row(self, row: Any) -> bytes:
        """Return the JSON of a row, or of an object with its attributes, for a response."""
        if not isinstance(row, Row):
            return encode(self.schemas.output().dump(row))
        return self.writer.json(row) + b"\n"

    def write_rows(self, rows: Iterable[Any]) -> bytes:
        """Return the JSON array of rows for a response."""
        return array(self.write_row(row)[:-1] for row in rows)

    def shell_names(self) -> dict[str, Any]:
        """Return the resource's names in `flask shell`, which are unique among resources."""
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
        raise TypeError(f"Reserved names cannot be used for {kind}: {', '.join(sorted(names))}.")


def words(name: str, model: type[Record]) -> dict[str, str]:
    """Return the words for one row and many rows, derived from the names of table and resource."""
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
