"""Machine-readable codes of validation errors."""

from enum import StrEnum

from marshmallow import Schema, fields


class Code(StrEnum):
    """The code of an error. It stays the same when its `detail` is reworded."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> "Code":
        """Return a member; `meaning` documents it in OpenAPI."""
        code = str.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code

    REQUIRED = "required", "A required value is missing."
    UNKNOWN = "unknown", "No such field or parameter exists."
    NULL = "null", "The value must not be null."
    TYPE = "type", "The value has the wrong type, such as a string for an integer."
    FORMAT = "format", "The value has the wrong format, such as an invalid date."
    NOT_ALLOWED = "not_allowed", "The value is not one of the allowed values."
    NOT_STORABLE = "not_storable", "The text has a character that cannot be stored, such as U+0000."
    TOO_SHORT = "too_short", "Fewer characters than `limit`."
    TOO_LONG = "too_long", "More than `limit` characters, or bytes of JSON for an object."
    TOO_FEW = "too_few", "Fewer items than `limit`."
    TOO_MANY = "too_many", "More than `limit` items, or values in a body."
    TOO_SMALL = "too_small", "A number below `limit`."
    TOO_LARGE = "too_large", "A number above `limit`."
    TOO_DEEP = "too_deep", "Nested deeper than `limit` levels."
    REPEATED = "repeated", "The name occurs more than once."
    NOT_FOUND = "not_found", "No row has this id."
    NOT_UNIQUE = "not_unique", "Another row or item already has this value."
    CURSOR = "cursor", "The cursor is damaged, or belongs to another sort or selection."
    KEY_REUSED = "key_reused", "The key was used before with a different body."
    RULE = "rule", "A rule of the resource is broken; see `detail`."
    INVALID = "invalid", "Any other error; see `detail`."


class Message(str):
    """An error message with its code and, where a number is involved, the limit."""

    __slots__ = ("code", "limit")

    code: Code
    limit: int | None

    def __new__(cls, text: str, code: Code, limit: int | None = None) -> "Message":
        """Return the message."""
        message = super().__new__(cls, text)
        message.code, message.limit = code, limit
        return message

    def format(self, *args: object, **kwargs: object) -> "Message":
        """Format the text and keep the code. marshmallow formats every message that it raises."""
        return Message(super().format(*args, **kwargs), self.code, self.limit)


#: The codes of marshmallow's own messages.
BUILT_IN = {
    fields.Field.default_error_messages["required"]: Code.REQUIRED,
    fields.Field.default_error_messages["null"]: Code.NULL,
    Schema().error_messages["unknown"]: Code.UNKNOWN,
    Schema().error_messages["type"]: Code.TYPE,
    **{
        kind.default_error_messages["invalid"]: Code.TYPE
        for kind in (fields.Boolean, fields.Integer, fields.String)
    },
}


def described(text: str) -> tuple[Code, int | None]:
    """Return the code and the limit of a message. A plain string has the code `invalid`."""
    if isinstance(text, Message):
        return text.code, text.limit
    return BUILT_IN.get(text, Code.INVALID), None
