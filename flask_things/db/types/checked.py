"""What column types have in common."""

from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator


class Checked(TypeDecorator[Any]):
    """A type whose values are checked: a subclass stores them, or raises ValueError."""

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return what the driver gets for a value."""
        return None if value is None else self._store(value, dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the value that was stored."""
        return None if value is None else self._load(value, dialect)

    def _store(self, value: Any, dialect: Dialect) -> Any:
        raise NotImplementedError

    def _load(self, value: Any, dialect: Dialect) -> Any:
        return value
