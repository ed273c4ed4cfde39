"""The schemas of changes, rows in the trash, and versions."""

from marshmallow import Schema, fields

from flask_things.api.schemas import Answer
from flask_things.db.journal import CREATED, DELETED, RESTORED, UPDATED
from flask_things.resource.schemas.fields import AnyField, Integer, Moment


def deleted(output: type[Schema]) -> type[Schema]:
    """Return the schema of a row in the trash."""
    own: dict[str, AnyField] = {
        "deleted_at": Moment(required=True, metadata={"description": "The time of deletion."})
    }
    return output.from_dict(own, name=f"Deleted{output.__name__}")


def version(output: type[Schema], table: str) -> type[Schema]:
    """Return the schema of a version of a row, which is null after a deletion."""
    return Answer.from_dict(_at_change(output, table), name=f"{output.__name__}Version")


def change(output: type[Schema], table: str) -> type[Schema]:
    """Return the schema of the last change of a row, with the current row."""
    own = _at_change(output, table) | {
        "id": Integer(
            1, required=True, metadata={"description": "The id of the item.", "examples": [1]}
        )
    }
    in_order = {name: own[name] for name in ("change", "id", "at", table)}
    return Answer.from_dict(in_order, name=f"{output.__name__}Change")


def _at_change(output: type[Schema], table: str) -> dict[str, AnyField]:
    return {
        "at": Moment(required=True, metadata={"description": "The time of the change."}),
        "change": fields.String(
            required=True,
            metadata={
                "description": "The kind of change.",
                "enum": [CREATED, UPDATED, DELETED, RESTORED],
            },
        ),
        table: fields.Nested(
            output,
            required=True,
            allow_none=True,
            metadata={"description": "The fields, or null.", "type": ["object", "null"]},
        ),
    }
