"""Base classes for the schemas of requests."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, pre_load

from flask_things.http.error_codes import Code, Message
from flask_things.transport.uploads import BODY_MAX_BYTES, BULK_BODY_MAX_BYTES

#: The most rows in a bulk call. It holds the write lock for seconds when it has 16 MiB of texts,
#: mostly for the search index.
BULK_MAX_ITEMS = 1000


class SharedSchema(Schema):
    """A schema that never changes after its creation, so copies share it.

    flask-smorest deep-copies an operation's documentation with every decorator. With the schemas
    this takes 60 % of the time to create an application.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "SharedSchema":
        return self

    @cached_property
    def of_nothing(self) -> Any:
        """What the schema loads from an empty request, or None if a field is required."""
        try:
            return self.load({})
        except ValidationError:
            return None

    @cached_property
    def environ_names(self) -> list[str]:
        """The WSGI environ keys of its fields as header fields."""
        names = (field.data_key or name for name, field in self.fields.items())
        return [f"HTTP_{name.upper().replace('-', '_')}" for name in names]


class JSONBody(SharedSchema):
    """A JSON body with the fields of a subclass and no others; with `many` an array of them."""

    class Meta:
        unknown = RAISE

    #: The media types that the body may have.
    media_types: tuple[str, ...] = ("application/json",)

    #: An example for the documentation.
    example: Mapping[str, Any]

    @property
    def max_bytes(self) -> int:
        """The size limit of the body."""
        return BULK_BODY_MAX_BYTES if self.many else BODY_MAX_BYTES

    @pre_load(pass_collection=True)
    def prepare(self, data: Any, *, many: bool, **_kwargs: Any) -> Any:
        """Remove read-only fields, so that clients can send back what they received.

        Raises ValidationError (422) if an array has too few or too many items.
        """
        if many and not isinstance(data, list):
            return data
        items = data if many else [data]
        if not 1 <= len(items) <= BULK_MAX_ITEMS:
            code, limit = (Code.TOO_MANY, BULK_MAX_ITEMS) if items else (Code.TOO_FEW, 1)
            raise ValidationError(Message(f"Must have 1 to {BULK_MAX_ITEMS} items.", code, limit))
        read_only = self.fields.keys() - self.load_fields.keys()  # the fields that are `dump_only`
        items = [
            {name: value for name, value in item.items() if name not in read_only}
            if isinstance(item, dict)
            else item
            for item in items
        ]
        return items if many else items[0]


class NoQuery(SharedSchema):
    """A query without parameters."""
