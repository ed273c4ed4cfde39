"""What is wrong with a place of a request, in words that programs can rely on."""

from enum import StrEnum

from marshmallow import Schema, fields


class Code(StrEnum):
    """What is wrong; a code stays when its `detail` is reworded."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> "Code":
        """Return a member; `meaning` is for the OpenAPI document."""
        code = str.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code

    REQUIRED = "required", "It is missing."
    UNKNOWN = "unknown", "There is no such field or parameter."
    NULL = "null", "It may not be null."
    TYPE = "type", "Of another type, such as a string for an integer."
    FORMAT = "format", "A text that is not written as it must be, such as a date."
    NOT_ALLOWED = "not_allowed", "None of the values that are allowed."
    NOT_STORABLE = "not_storable", "Not every database can hold it, such as U+0000."
    TOO_SHORT = "too_short", "Fewer characters than `limit`."
    TOO_LONG = "too_long", "More than `limit` characters, or bytes of JSON for an object."
    TOO_FEW = "too_few", "Fewer items than `limit`."
    TOO_MANY = "too_many", "More than `limit` items, or values in a body."
    TOO_SMALL = "too_small", "A number below `limit`."
    TOO_LARGE = "too_large", "A number above `limit`."
    TOO_DEEP = "too_deep", "Nested deeper than `limit` levels."
    REPEATED = "repeated", "Given more than once."
    NOT_FOUND = "not_found", "No row has this id."
    NOT_UNIQUE = "not_unique", "Another row, or another item, has this value."
    CURSOR = "cursor", "Damaged, or of another sort or selection."
    KEY_REUSED = "key_reused", "The key was sent with another body before."
    RULE = "rule", "Another rule of the resource is broken; `detail` says which."
    INVALID = "invalid", "Anything else; `detail` says what."


class Message(str):
    """What is wrong, for people, with its code and the limit that was exceeded, for programs."""

    __slots__ = ("code", "limit")

    code: Code
    limit: int | None

    def __new__(cls, text: str, code: Code, limit: int | None = None) -> "Message":
        """Return the message."""
        message = super().__new__(cls, text)
        message.code, message.limit = code, limit
        return message

    def format(self, *args: object, **kwargs: object) -> "Message":
        """Return the message with values in its text: marshmallow formats all that it raises."""
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
    """Return the code and the limit of any message: a plain one has the code `invalid`."""
    if isinstance(text, Message):
        return text.code, text.limit
    return BUILT_IN.get(text, Code.INVALID), None
