"""What clients send beside the body: parameters of the query, and header fields."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from flask_things.http import pagination
from flask_things.resource.fields import storable
from flask_things.resource.selection import SORTS

#: How many things a page has where the client does not say, and at most.
PAGE_DEFAULT_ITEMS = 100
PAGE_MAX_ITEMS = 1000

#: The longest text to look for, in characters: it stands in a URL.
Q_MAX_CHARACTERS = 200


class Limit(fields.Integer):
    """The field for a number of things."""

    def _deserialize(self, value: str, *_args: Any, **_kwargs: Any) -> int:
        # Five digits tell whether it is over the highest, and any more could be too many for int().
        if not re.fullmatch("0*[1-9][0-9]*", value):
            raise ValidationError("Not a number from 1 on, in digits.")
        return min(int(value.lstrip("0")[:5]), PAGE_MAX_ITEMS)


class SelectionSchema(Schema):
    """Which things, and in which order."""

    sort = fields.String(
        load_default="id",
        validate=validate.OneOf([*SORTS, *(f"-{name}" for name in SORTS)]),
        metadata={
            "description": "What they are sorted by; with `-` from the highest to the lowest. "
            "Things that are alike in it are sorted by id."
        },
    )
    q = fields.String(
        load_default="",
        validate=[validate.Length(max=Q_MAX_CHARACTERS), storable],
        metadata={
            "description": "A part of the text, whatever its case.",
            "pattern": "^[^\\x00]*$",
        },
    )


class PageSchema(SelectionSchema):
    """Which things, in which order, from where on and how many."""

    limit = Limit(
        load_default=PAGE_DEFAULT_ITEMS,
        metadata={
            "description": f"The most things to list; more than {PAGE_MAX_ITEMS} means that many. "
            "A page of very long texts ends earlier: `Link` says so.",
            "minimum": 1,
        },
    )
    cursor = fields.String(
        metadata={
            "description": "Where the page before ended: take it from its `Link`.",
            "pattern": "^[A-Za-z0-9_-]+$",
            "maxLength": 2048,
        }
    )
    total = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        load_default=False,
        metadata={"description": "Whether to count all of them, in `X-Total-Count`."},
    )

    @post_load
    def place(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Put the place that it stands for in the place of the cursor."""
        cursor = data.pop("cursor", None)
        if cursor is not None:
            try:
                data["after"] = pagination.decode(cursor, data["sort"], data["q"])
            except ValueError as error:
                raise ValidationError(str(error), "cursor") from error
        return data
