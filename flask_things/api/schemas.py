"""The bodies of responses that are not of a resource: problems and health."""

from marshmallow import EXCLUDE, fields

from flask_things.http.error_codes import Code
from flask_things.http.request_schemas import BULK_MAX_ITEMS, SharedSchema


class Answer(SharedSchema):
    """What clients get. They should expect fields that are not there yet."""

    class Meta:
        unknown = EXCLUDE


class HealthSchema(Answer):
    """The service is well."""

    status = fields.String(required=True, metadata={"enum": ["ok"]})


class FieldErrorSchema(Answer):
    """One invalid place in a request."""

    code = fields.String(
        required=True,
        metadata={
            "description": "What is wrong. More codes may come.\n\n"
            + "\n".join(f"- `{code}`: {code.meaning}" for code in Code),
            "enum": [*Code],
            "examples": [Code.REQUIRED],
        },
    )
    limit = fields.Integer(
        metadata={
            "description": "The number that was exceeded: the least or the most that is allowed.",
            "format": "int64",
        }
    )
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


class ProblemSchema(Answer):
    """A problem (RFC 9457)."""

    type = fields.String(required=True, metadata={"examples": ["about:blank"]})
    title = fields.String(required=True, metadata={"examples": ["Unprocessable Content"]})
    status = fields.Integer(
        required=True,
        metadata={"format": "int32", "minimum": 400, "maximum": 599, "examples": [422]},
    )
    detail = fields.String(metadata={"examples": ["The request has 1 invalid field."]})
    errors = fields.List(fields.Nested(FieldErrorSchema), metadata={"maxItems": BULK_MAX_ITEMS})
