"""JSON objects: their field, and merge patches."""

from itertools import chain
from math import isfinite
from typing import Any

from marshmallow import ValidationError, fields

from flask_things.db.types import compact
from flask_things.http.checks import storable
from flask_things.http.decoding import DECODER
from flask_things.http.error_codes import Code, Message
from flask_things.resource.schemas.fields import Field

#: The deepest nesting of an object.
MAX_LEVELS = 32


class JSONObject(Field, fields.Dict):
    """An object whose JSON has at most `max_bytes` bytes.

    In a merge patch it loads a function that returns the new object for the current one, or raises
    ValidationError.
    """

    default_error_messages = {"invalid": Message("Must be a JSON object.", Code.TYPE)}

    #: Whether it is part of a merge patch.
    is_patch = False

    def __init__(self, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._max_bytes = max_bytes
        self.document(description=f"At most {max_bytes} bytes of JSON.")

    def from_text(self, text: str) -> Any:
        """Return the object in a JSON text."""
        try:
            return DECODER.decode(text)
        except (ValueError, RecursionError):
            return text

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        _check_value(value, MAX_LEVELS)
        if self.is_patch:
            return lambda current: self._checked(merge(current, value))
        return self._checked(value)

    def _checked(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(compact(value).encode()) > self._max_bytes:
            text = f"Longer than {self._max_bytes} bytes of JSON."
            raise ValidationError(Message(text, Code.TOO_LONG, self._max_bytes))
        return value


def _check_value(value: Any, levels: int) -> None:
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not isfinite(value):
        text = "Must not contain a number beyond 1.8e308."
        raise ValidationError(Message(text, Code.NOT_STORABLE))
    elif isinstance(value, dict | list):
        if not levels:
            text = f"Nested deeper than {MAX_LEVELS} levels."
            raise ValidationError(Message(text, Code.TOO_DEEP, MAX_LEVELS))
        inner = chain(value, value.values()) if isinstance(value, dict) else value
        for item in inner:
            _check_value(item, levels - 1)


def merge(target: Any, patch: Any) -> Any:
    """Return the result of a JSON Merge Patch (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    old = target if isinstance(target, dict) else {}
    changed = {name: merge(old.get(name), value) for name, value in patch.items()}
    return {
        name: value for name, value in (old | changed).items() if patch.get(name, 0) is not None
    }
