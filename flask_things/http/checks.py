"""Checks of texts and numbers, each with the code and the limit of its error."""

from collections.abc import Callable

from marshmallow import ValidationError, validate

from flask_things.db.types import TEXT_FORBIDDEN
from flask_things.http.error_codes import Code, Message


def length(minimum: int, maximum: int | None) -> list[validate.Length]:
    """Return what checks the number of characters."""
    short = Message("Shorter than minimum length {min}.", Code.TOO_SHORT, minimum)
    long = Message("Longer than maximum length {max}.", Code.TOO_LONG, maximum)
    checks = [validate.Length(min=minimum, error=short)] if minimum else []
    return checks if maximum is None else [*checks, validate.Length(max=maximum, error=long)]


def bounds(minimum: int, maximum: int) -> list[Callable[[int], int]]:
    """Return what checks the size of a number.

    It is functions: apispec documents the bounds of a Range, also those that JavaScript rounds.
    """
    small = Message("Must be at least {min}.", Code.TOO_SMALL, minimum)
    large = Message("Must be at most {max}.", Code.TOO_LARGE, maximum)
    checks = validate.Range(min=minimum, error=small), validate.Range(max=maximum, error=large)
    return [check.__call__ for check in checks]


def storable(text: str) -> None:
    """Raise ValidationError (422) for what cannot be stored on every database."""
    if TEXT_FORBIDDEN.search(text):
        forbidden = "Must not contain U+0000 or a lone surrogate."
        raise ValidationError(Message(forbidden, Code.NOT_STORABLE))
