"""What clients send and get."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from flask_things.limits import ID_MAX, TEXT_FORBIDDEN, TEXT_MAX_CHARACTERS
from flask_things.parsing import JSONBody


def storable(text: str) -> None:
    """Refuse what cannot be stored on every database.

    Raises ValidationError (422).
    """
    if TEXT_FORBIDDEN.search(text):
        raise ValidationError("Must not contain U+0000 or a lone surrogate.")


def text_field(*, required: bool) -> fields.String:
    """Return the field for a thing's text."""
    return fields.String(
        required=required,
        validate=[validate.Length(max=TEXT_MAX_CHARACTERS), storable],
        metadata={"pattern": "^[^\\u0000]*$", "examples": ["buy milk"]},
    )


def moment_field(description: str) -> fields.DateTime:
    """Return the field for a moment (RFC 3339, UTC, microseconds)."""
    return fields.DateTime(
        required=True,
        format="%Y-%m-%dT%H:%M:%S.%fZ",
        metadata={
            "description": description,
            "format": "date-time",
            "examples": ["2026-11-22T15:04:05.123456Z"],
        },
    )


class ThingSchema(Schema):
    """A thing."""

    id = fields.Integer(
        required=True,
        metadata={"minimum": 1, "maximum": ID_MAX, "format": "int64", "examples": [1]},
    )
    text = fields.String(required=True, metadata={"examples": ["buy milk"]})
    created_at = moment_field("When it was made.")
    updated_at = moment_field("When it was last changed.")


class ThingInputSchema(JSONBody):
    """The whole of a thing. It may be one that was got before: what the server sets is ignored."""

    READ_ONLY = ("id", "created_at", "updated_at")

    text = text_field(required=True)
    id = fields.Raw(allow_none=True, metadata={"description": "Ignored."})
    created_at = fields.Raw(allow_none=True, metadata={"description": "Ignored."})
    updated_at = fields.Raw(allow_none=True, metadata={"description": "Ignored."})

    @post_load
    def drop_read_only(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Return what a client may set."""
        return {name: value for name, value in data.items() if name not in self.READ_ONLY}


class ThingPatchSchema(ThingInputSchema):
    """What shall change in a thing (JSON Merge Patch, RFC 7396)."""

    media_types = ("application/merge-patch+json", "application/json")

    text = text_field(required=False)


class HealthSchema(Schema):
    """The service is well."""

    status = fields.String(required=True, metadata={"const": "ok", "examples": ["ok"]})


class ErrorSchema(Schema):
    """One invalid place in a request."""

    detail = fields.String(
        required=True, metadata={"examples": ["Missing data for required field."]}
    )
    pointer = fields.String(
        metadata={
            "description": "The place in the body: a JSON Pointer as a URI fragment (RFC 6901).",
            "examples": ["#/text"],
        }
    )
    parameter = fields.String(metadata={"description": "The query parameter."})
    header = fields.String(metadata={"description": "The header field."})


class ProblemSchema(Schema):
    """A problem (RFC 9457)."""

    type = fields.String(required=True, metadata={"examples": ["about:blank"]})
    title = fields.String(required=True, metadata={"examples": ["Unprocessable Content"]})
    status = fields.Integer(required=True, metadata={"examples": [422]})
    detail = fields.String(metadata={"examples": ["The request has 1 invalid field."]})
    errors = fields.List(fields.Nested(ErrorSchema))
