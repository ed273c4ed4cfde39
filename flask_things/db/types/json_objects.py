"""JSON objects."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect

from flask_things.db.types.basic import Checked


class JSONObject(Checked):
    """A JSON object of up to `max_bytes` bytes, as `compact` encodes it."""

    impl = sa.JSON
    cache_ok = True
    python_type = dict

    def __init__(self, max_bytes: int) -> None:
        super().__init__(none_as_null=True)
        self.max_bytes = max_bytes

    def _store(self, value: Any, dialect: Dialect) -> Mapping[str, Any]:
        try:
            size = len(compact(value).encode()) if isinstance(value, dict) else 0
        except (TypeError, RecursionError) as error:
            raise ValueError(f"A JSON object must be encodable as JSON: {error}") from error
        if not 0 < size <= self.max_bytes:
            raise ValueError(f"A JSON object may have at most {self.max_bytes} bytes.")
        return value  # type: ignore[no-any-return]

    def compare_values(self, x: Any, y: Any) -> bool:
        """Return whether two objects are the same JSON. For Python, True equals 1."""
        return x == y and json.dumps(x, sort_keys=True) == json.dumps(y, sort_keys=True)


def compact(value: Any) -> str:
    """Return JSON without spaces or escapes. Raises ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
