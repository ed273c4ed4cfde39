"""The fields of JSON bodies, which also read CSV and queries. Objects: json_objects.py."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields

from flask_things.db.types import INTEGER_MAX, INTEGER_MIN, compact, rfc3339
from flask_things.http.checks import bounds, length, storable
from flask_things.http.error_codes import Code, Message

#: The highest id that an import accepts. It leaves more ids than a service can ever assign.
IMPORT_ID_MAX = 9 * 10**18

#: An RFC 3339 timestamp. Microseconds of its fraction are kept.
RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)

AnyField = fields.Field[Any]


class Field(AnyField):
    """A field that can also read its value from a text."""

    def document(self, **metadata: Any) -> None:
        """Add documentation for OpenAPI, which the user of the field can override."""
        self.metadata = {**metadata, **self.metadata}

    def from_text(self, text: str) -> Any:
        """Return the JSON value of a text, or the text if it is not valid."""
        return text

    def refusal(self, value: Any, **words: str) -> ValidationError:
        """Return the error for a value that is not a text, or an invalid one."""
        code = Code.FORMAT if isinstance(value, str) else Code.TYPE
        return ValidationError(Message(str(self.error_messages["invalid"]).format(**words), code))


def read_text(field: AnyField, text: str) -> Any:
    """Return the JSON value of a text. An empty text is NULL if this is allowed."""
    if not text and field.allow_none:
        return None
    return field.from_text(text) if isinstance(field, Field) else text


def write_text(value: Any) -> str:
    """Return the text for a JSON value, the inverse of `read_text`."""
    return value if isinstance(value, str) else "" if value is None else compact(value)


def is_plain(field: AnyField) -> bool:
    """Return whether texts are values already, without conversion."""
    is_read = not isinstance(field, Field) or type(field).from_text is not Field.from_text
    return not (is_read or field.allow_none)


class Text(Field, fields.String):
    """A string of `minimum` to `maximum` characters (code points)."""

    def __init__(self, minimum: int = 0, maximum: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators[:0] = [*length(minimum, maximum), storable]
        self.document(pattern="^[^\\x00]*$")


class Integer(Field, fields.Integer):
    """An integer from `minimum` to `maximum`. In JSON 1.0 is an integer, too."""

    def __init__(
        self, minimum: int = INTEGER_MIN, maximum: int = INTEGER_MAX, **kwargs: Any
    ) -> None:
        super().__init__(strict=True, **kwargs)
        self.validators[:0] = bounds(minimum, maximum)
        limits = {"minimum": minimum, "maximum": maximum}
        exact = {name: limit for name, limit in limits.items() if abs(limit) < 2**53}
        is_small = -(2**31) <= minimum <= maximum < 2**31
        self.document(format="int32" if is_small else "int64", **exact)

    def from_text(self, text: str) -> Any:
        """Return the integer in a text without leading zeros."""
        return int(text) if re.fullmatch("0|-?[1-9][0-9]{0,18}", text) else text

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return super()._deserialize(value, *args, **kwargs)


class Reference(Integer):
    """The id of a row of any resource."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(1, **kwargs)
        self.document(description=f"The id of a {name}.", examples=[1])


class RecordId(Integer):
    """The id of an imported row. A fraction is invalid, because exports have none."""

    _deserialize = fields.Integer._deserialize

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1, IMPORT_ID_MAX, **kwargs)
        self.document(examples=[1])


class Boolean(Field, fields.Boolean):
    """True or false, without other spellings."""

    default_error_messages = {"invalid": Message("Must be true or false.", Code.TYPE)}

    def from_text(self, text: str) -> Any:
        """Return the value of "true" or "false"."""
        return {"true": True, "false": False}.get(text, text)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> bool:
        if value is True or value is False:
            return value
        raise self.make_error("invalid")


class Decimal(Field, fields.String):
    """A decimal number as a string, because many programs do not read JSON numbers exactly."""

    default_error_messages = {"invalid": 'Must be a string such as "{example}": {description}.'}

    def __init__(self, digits: int, scale: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._scale, whole = scale, digits - scale
        self._pattern = f"-?(0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "-?0"
        self._about = f"a decimal number with up to {whole} digits"
        if scale:
            self._pattern += f"([.][0-9]{{1,{scale}}})?"
            self._about += f" before the point and {scale} after it"
        self._example = f"{0:.{scale}f}"
        self.document(
            description=f"{self._about.capitalize()}.",
            pattern=f"^{self._pattern}$",
            examples=[self._example],
        )

    def _serialize(self, value: Number | None, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else f"{value:.{self._scale}f}"

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(self._pattern, value):
            return Number(value)
        raise self.refusal(value, example=self._example, description=self._about)


class Date(Field, fields.Date):
    """A date in the format of RFC 3339."""

    default_error_messages = {"invalid": "Must be a date such as 2026-12-31."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.document(examples=["2026-12-31"])

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> date:
        if isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            with suppress(ValueError):
                return date.fromisoformat(value)
        raise self.refusal(value)


class Moment(Field, fields.DateTime):
    """A timestamp in UTC with microseconds."""

    default_error_messages = {
        "invalid": "Must be an RFC 3339 time such as 2026-11-22T15:04:05.123456Z."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.document(examples=["2026-11-22T15:04:05.123456Z"])

    def _serialize(self, value: datetime | None, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else rfc3339(value)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> datetime:
        if isinstance(value, str) and RFC3339.fullmatch(value):
            with suppress(ValueError, OverflowError):
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
        raise self.refusal(value)


class Choice(Field, fields.Enum[StrEnum]):
    """One of the values of an enum."""

    default_error_messages = {"unknown": Message("Must be one of: {choices}.", Code.NOT_ALLOWED)}

    def __init__(self, enum: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(enum, by_value=fields.String, **kwargs)
