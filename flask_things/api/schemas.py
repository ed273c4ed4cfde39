"""The bodies of responses that do not belong to a resource: problems and health."""

from marshmallow import EXCLUDE, fields

from flask_things.http.error_codes import Code
from flask_things.http.request_schemas import BULK_MAX_ITEMS, SharedSchema


class Answer(SharedSchema):
    """The body of a response. Clients should tolerate fields that they do not know."""

    class Meta:
        unknown = EXCLUDE


class HealthSchema(Answer):
    """The service is healthy."""

    class Meta(Answer.Meta):
        description = "The state of the service."

    status = fields.String(required=True, metadata={"description": "Always `ok`.", "enum": ["ok"]})


class FieldErrorSchema(Answer):
    """An invalid part of a request."""

    class Meta(Answer.Meta):
        description = (
            "One invalid place in a request: `pointer`, `parameter` or `header` tells where."
        )

    code = fields.String(
        required=True,
        metadata={
            "description": "The kind of error, for programs. New codes may be added.\n\n"
            + "\n".join(f"- `{code}`: {code.meaning}" for code in Code),
            "enum": [*Code],
            "examples": [Code.REQUIRED],
        },
    )
    limit = fields.Integer(
        metadata={
            "description": "The limit that the value exceeds or does not reach, if there is one.",
            "format": "int64",
            "examples": [100_000],
        }
    )
    detail = fields.String(
        required=True,
        metadata={
            "description": "An explanation for people.",
            "examples": ["Missing data for required field."],
        },
    )
    pointer = fields.String(
        metadata={
            "description": "The place in the body, as a JSON Pointer in a URI fragment (RFC 6901). "
            "`#` is the whole body.",
            "examples": ["#/text"],
        }
    )
    parameter = fields.String(
        metadata={"description": "The name of the query parameter.", "examples": ["limit"]}
    )
    header = fields.String(
        metadata={"description": "The name of the header.", "examples": ["Idempotency-Key"]}
    )


class ProblemSchema(Answer):
    """A problem (RFC 9457)."""

    class Meta(Answer.Meta):
        description = "An error (RFC 9457)."

    type = fields.String(
        required=True,
        metadata={"description": "Always `about:blank`.", "examples": ["about:blank"]},
    )
    title = fields.String(
        required=True,
        metadata={"description": "The name of the status.", "examples": ["Unprocessable Content"]},
    )
    status = fields.Integer(
        required=True,
        metadata={
            "description": "The HTTP status.",
            "format": "int32",
            "minimum": 400,
            "maximum": 599,
            "examples": [422],
        },
    )
    detail = fields.String(
        metadata={
            "description": "An explanation for people.",
            "examples": ["The request has 1 invalid field."],
        }
    )
    errors = fields.List(
        fields.Nested(FieldErrorSchema),
        metadata={"description": "Each invalid place in the request.", "maxItems": BULK_MAX_ITEMS},
    )
