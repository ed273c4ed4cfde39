"""Texts, and texts that are one of several."""

import re
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect

from flask_things.db.types.checked import Checked

#: The longest text, in characters (code points): a long article.
TEXT_MAX_CHARACTERS = 100_000

#: What no text may hold: PostgreSQL cannot store U+0000, and a lone surrogate is not UTF-8.
TEXT_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


class Text(Checked):
    """A text of `minimum` to `maximum` characters, without U+0000 and lone surrogates."""

    impl = sa.Text
    cache_ok = True
    python_type = str

    def __init__(self, minimum: int = 0, maximum: int = TEXT_MAX_CHARACTERS) -> None:
        super().__init__()
        self.minimum, self.maximum = minimum, maximum

    def _store(self, value: Any, dialect: Dialect) -> str:
        is_text = isinstance(value, str) and self.minimum <= len(value) <= self.maximum
        if not is_text or TEXT_FORBIDDEN.search(value):
            raise ValueError(
                f"A text must have {self.minimum} to {self.maximum} characters, without U+0000 "
                "and lone surrogates."
            )
        return str(value)


class Choice(Checked):
    """A member of `enum`, stored as its text."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    @property
    def python_type(self) -> type[StrEnum]:
        """Return the enum."""
        return self.enum

    def _store(self, value: Any, dialect: Dialect) -> str:
        return self.enum(value).value

    def _load(self, value: Any, dialect: Dialect) -> StrEnum:
        return self.enum(value)
