"""The schemas of what requests have: shared, and strict."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, pre_load

from flask_things.http.error_codes import Code, Message
from flask_things.transport.uploads import BODY_MAX_BYTES, BULK_BODY_MAX_BYTES

#: The most rows that a bulk call creates. While it runs it holds the write lock: with 16 MiB of
#: texts for seconds, most of them for the search index.
BULK_MAX_ITEMS = 1000


class SharedSchema(Schema):
    """A schema that is not changed once it is made, so whatever is copied shares it.

    flask-smorest copies an operation's document with each decorator: with its schemas, that is 60 %
    of the time in which an application is made.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "SharedSchema":
        return self

    @cached_property
    def of_nothing(self) -> Any:
        """What it loads from a request that has none of its fields; None if one is required."""
        try:
            return self.load({})
        except ValidationError:
            return None

    @cached_property
    def environ_names(self) -> list[str]:
        """The names of its fields as header fields in the WSGI environment."""
        names = (field.data_key or name for name, field in self.fields.items())
        return [f"HTTP_{name.upper().replace('-', '_')}" for name in names]


class JSONBody(SharedSchema):
    """What a JSON body may hold: the fields of a subclass and no other; with `many` an array."""

    class Meta:
        unknown = RAISE

    #: The content types that the body is taken in.
    media_types: tuple[str, ...] = ("application/json",)

    #: A body, for the documentation.
    example: Mapping[str, Any]

    @property
    def max_bytes(self) -> int:
        """The body's largest size."""
        return BULK_BODY_MAX_BYTES if self.many else BODY_MAX_BYTES

    @pre_load(pass_collection=True)
    def prepare(self, data: Any, *, many: bool, **_kwargs: Any) -> Any:
        """Return the body without read-only fields, so that clients can send back what they got.

        Raises ValidationError (422) for an array of too few or too many, before any is looked at.
        """
        if many and not isinstance(data, list):
            return data
        items = data if many else [data]
        if not 1 <= len(items) <= BULK_MAX_ITEMS:
            code, limit = (Code.TOO_MANY, BULK_MAX_ITEMS) if items else (Code.TOO_FEW, 1)
            raise ValidationError(Message(f"Must have 1 to {BULK_MAX_ITEMS} items.", code, limit))
        read_only = self.fields.keys() - self.load_fields.keys()  # those that are `dump_only`
        items = [
            {name: value for name, value in item.items() if name not in read_only}
            if isinstance(item, dict)
            else item
            for item in items
        ]
        return items if many else items[0]


class NoQuery(SharedSchema):
    """A query without parameters."""
