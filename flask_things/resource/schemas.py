"""What clients send and get, in bodies."""

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, ValidationError, fields, validate

from flask_things.api.components import ID_FORMAT
from flask_things.api.schemas import Answer
from flask_things.db.types import TEXT_FORBIDDEN, TEXT_MAX_CHARACTERS
from flask_things.http.parsing import JSONBody


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
        metadata={"pattern": "^[^\\x00]*$", "examples": ["buy milk"]},
    )


#: A moment as RFC 3339 has it. Of its fraction, microseconds are kept.
RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC as RFC 3339 has it, always with its microseconds."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class Moment(fields.DateTime):
    """The field for a moment."""

    SERIALIZATION_FUNCS = {**fields.DateTime.SERIALIZATION_FUNCS, "iso": rfc3339}

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> datetime:
        """Return the moment in UTC; raise ValidationError for what is not exactly one."""
        try:
            if RFC3339.fullmatch(value):
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            pass
        raise ValidationError("Not a time of RFC 3339, like 2026-11-22T15:04:05.123456Z.")


# Without a `maxLength`: generated clients would measure the date that they have parsed.
MOMENT = {"examples": ["2026-11-22T15:04:05.123456Z"]}


class ThingSchema(Answer):
    """A thing."""

    id = fields.Integer(required=True, metadata=ID_FORMAT)
    text = fields.String(required=True, metadata={"examples": ["buy milk"]})
    created_at = Moment(required=True, metadata=MOMENT)
    updated_at = Moment(required=True, metadata=MOMENT)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value. To try `obj[attr]` first, as marshmallow does, takes as long again."""
        return getattr(obj, attr, default)


#: The highest id that an import accepts. It leaves more ids than a service can ever give.
IMPORT_ID_MAX = 9 * 10**18


class RecordSchema(ThingSchema):
    """A thing that was exported, all of which is to be stored."""

    class Meta:
        unknown = RAISE

    id = fields.Integer(required=True, strict=True, validate=validate.Range(1, IMPORT_ID_MAX))
    text = text_field(required=True)


class ThingInputSchema(JSONBody):
    """A whole thing."""

    example = {"text": "buy milk"}

    text = text_field(required=True)
    id = fields.Integer(dump_only=True, metadata=ID_FORMAT)
    created_at = Moment(dump_only=True, metadata=MOMENT)
    updated_at = Moment(dump_only=True, metadata=MOMENT)


class ThingPatchSchema(ThingInputSchema):
    """What shall change in a thing (JSON Merge Patch, RFC 7396)."""

    media_types = ("application/merge-patch+json", "application/json")

    text = text_field(required=False)
