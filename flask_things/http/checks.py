"""Validators for texts and numbers. Their errors carry a code and a limit."""

from collections.abc import Callable

from marshmallow import ValidationError, validate

from flask_things.db.types import TEXT_FORBIDDEN
from flask_things.http.error_codes import Code, Message


def length(minimum: int, maximum: int | None) -> list[validate.Length]:
    """Return the validators for a number of characters."""
    short = Message("Shorter than minimum length {min}.", Code.TOO_SHORT, minimum)
    long = Message("Longer than maximum length {max}.", Code.TOO_LONG, maximum)
    checks = [validate.Length(min=minimum, error=short)] if minimum else []
    return checks if maximum is None else [*checks, validate.Length(max=maximum, error=long)]


def bounds(minimum: int, maximum: int) -> list[Callable[[int], int]]:
    """Return the validators for the size of a number.

    These are plain functions because apispec would document the bounds of a Range, including those
    that JavaScript rounds.
    """
    small = Message("Must be at least {min}.", Code.TOO_SMALL, minimum)
    large = Message("Must be at most {max}.", Code.TOO_LARGE, maximum)
    checks = validate.Range(min=minimum, error=small), validate.Range(max=maximum, error=large)
    return [check.__call__ for check in checks]


def storable(text: str) -> None:
    """Raise ValidationError (422) for a text that some database cannot store."""
    if TEXT_FORBIDDEN.search(text):
        forbidden = "Must not contain U+0000 or a lone surrogate."
        raise ValidationError(Message(forbidden, Code.NOT_STORABLE))
