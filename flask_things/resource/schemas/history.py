"""The schemas of what a resource was: rows in the trash, and versions."""

from marshmallow import Schema, fields

from flask_things.api.schemas import Answer
from flask_things.db.journal import CREATED, DELETED, RESTORED, UPDATED
from flask_things.resource.schemas.fields import AnyField, Moment


def deleted(output: type[Schema]) -> type[Schema]:
    """Return the schema of a row in the trash."""
    own: dict[str, AnyField] = {"deleted_at": Moment(required=True)}
    return output.from_dict(own, name=f"Deleted{output.__name__}")


def version(output: type[Schema], table: str) -> type[Schema]:
    """Return the schema of a version of a row; after a deletion, there is no row."""
    own: dict[str, AnyField] = {
        "at": Moment(required=True),
        "change": fields.String(
            required=True, metadata={"enum": [CREATED, UPDATED, DELETED, RESTORED]}
        ),
        table: fields.Nested(
            output, required=True, allow_none=True, metadata={"type": ["object", "null"]}
        ),
    }
    return Answer.from_dict(own, name=f"{output.__name__}Version")
