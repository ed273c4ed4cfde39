"""The query parameters of a list: selection, sort order and page."""

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import Schema, fields, validate
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeDecorator

from flask_things.api.components import POSITION
from flask_things.http import pagination
from flask_things.http.checks import length, storable
from flask_things.http.error_codes import Code, Message
from flask_things.http.request_schemas import SharedSchema
from flask_things.resource.schemas.columns import bound_for
from flask_things.resource.schemas.fields import AnyField, Date, Moment
from flask_things.resource.schemas.queries import (
    PAGE_MAX_ITEMS,
    QUERY_MAX_CHARACTERS,
    Ids,
    Limit,
)
from flask_things.resource.selection import Position, Queries
from flask_things.resource.tables.sorting import sort_key

#: The default number of rows per page.
PAGE_DEFAULT_ITEMS = 100


class Selection(SharedSchema):
    """The selection and the sort order. `derive` adds the parameters of a resource."""


class Paging(SharedSchema):
    """The limit and the cursor."""

    limit = Limit(
        load_default=PAGE_DEFAULT_ITEMS,
        metadata={
            "description": f"The maximum number of items; values above {PAGE_MAX_ITEMS} mean "
            f"{PAGE_MAX_ITEMS}. A page of very long texts is shorter: `Link` tells if more follow.",
            "minimum": 1,
            "examples": [20],
        },
    )
    cursor = fields.String(
        metadata={
            "description": "An opaque position, from the `Link` of the previous page.",
            "pattern": "^[A-Za-z0-9_-]+$",
            "maxLength": 2048,
            "examples": [POSITION],
        }
    )


class PageQuery(Paging, Selection):
    """The selection, the sort order, the limit and the cursor."""

    #: The name of the resource, and its queries.
    name: str
    queries: Queries

    total = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        load_default=False,
        metadata={
            "description": "`true` counts the items of all pages, in `X-Total-Count`.",
            "examples": [True],
        },
    )

    def cursor_after(self, row: Any, sort: str, selection: Mapping[str, Any]) -> str:
        """Return the cursor of the page that starts after a row."""
        return pagination.encode(self.queries.position(row, sort), self.bound(sort, selection))

    def place(self, cursor: str, sort: str, selection: Mapping[str, Any]) -> Position:
        """Return the position of a cursor. Raises ValueError (422)."""
        column = self.queries.sorts[sort.removeprefix("-")]
        key = sort_key(column)
        bound = self.bound(sort, selection)
        value, row_id = pagination.decode(cursor, key.type.python_type, bound)
        if value is None and not column.nullable:
            raise ValueError("The cursor is damaged.")
        if isinstance(key.type, TypeDecorator):  # a forged cursor may have an impossible value
            key.type.process_bind_param(value, DefaultDialect())
        return value, row_id

    def bound(self, sort: str, selection: Mapping[str, Any]) -> str:
        """Return the text that a cursor is bound to."""
        given = {**selection}
        if not given.get("q"):  # an empty search selects everything
            given.pop("q", None)
        return repr((self.name, sort, sorted((name, str(value)) for name, value in given.items())))


def derive(
    name: str, queries: Queries, filters: Mapping[str, AnyField], example: Mapping[str, Any]
) -> tuple[Schema, PageQuery]:
    """Return the parameters of an export and those of a list.

    `filters` are fields by name, and `example` is a request body for the documentation.
    """
    sorts = [*queries.sorts, *(f"-{sort}" for sort in queries.sorts)]
    own: dict[str, AnyField] = {
        "sort": fields.String(
            load_default="id",
            validate=validate.OneOf(
                sorts, error=Message("Must be one of: {choices}.", Code.NOT_ALLOWED)
            ),
            metadata={
                "description": "The field to sort by. A leading `-` means descending order. Items "
                "with equal values are sorted by id in the same direction.",
                "examples": ["-created_at"],
            },
        ),
        "id": Ids(metadata={"description": "Only items with these ids, separated by commas."}),
    }
    if (searched := queries.narrowing.searched) is not None:
        own["q"] = fields.String(
            load_default="",
            validate=[*length(0, QUERY_MAX_CHARACTERS), storable],
            metadata={
                "description": f"Only items whose `{searched.name}` contains this, ignoring case.",
                "pattern": "^[^\\x00]*$",
                "examples": [f"{example.get(searched.name) or 'text'}"[:10]],
            },
        )
    own |= {
        n: _described(field, f"Only items whose `{n}` equals this.") for n, field in filters.items()
    }
    for parameter, column in queries.narrowing.bounds.items():
        field = bound_for(queries.table.c[column])
        is_time = isinstance(field, Date | Moment)
        least, less = ("at or after", "before") if is_time else ("at least", "less than")
        sign = least if parameter.endswith("_gte") else less
        own[parameter] = _described(field, f"Only items whose `{column}` is {sign} this.")
    page = cast(type[PageQuery], PageQuery.from_dict(own, name=f"{name}Page"))
    page.name, page.queries = name, queries
    return Selection.from_dict(own, name=f"{name}Selection")(), page()


def _described(field: AnyField, description: str) -> AnyField:
    field.metadata = {**field.metadata, "description": description}
    return field
