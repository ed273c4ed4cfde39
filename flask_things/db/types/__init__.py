"""Column types. Each validates values on every write, before they are stored.

Their attributes are the limits. Fields, documentation and CHECK constraints for other programs
(resource/tables/checks.py) are derived from them.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy.types import TypeEngine

from flask_things.db.types.basic import (
    TEXT_FORBIDDEN,
    TEXT_MAX_CHARACTERS,
    Choice,
    Date,
    Text,
    UTCDateTime,
    rfc3339,
    utc_now,
)
from flask_things.db.types.json_objects import JSONObject, compact
from flask_things.db.types.numeric import (
    INTEGER_MAX,
    INTEGER_MIN,
    Boolean,
    ExactDecimal,
    Integer,
)

__all__ = [
    "ANNOTATIONS",
    "INTEGER_MAX",
    "INTEGER_MIN",
    "TEXT_FORBIDDEN",
    "TEXT_MAX_CHARACTERS",
    "Boolean",
    "Choice",
    "Date",
    "ExactDecimal",
    "Integer",
    "JSONObject",
    "Text",
    "UTCDateTime",
    "compact",
    "rfc3339",
    "utc_now",
]

#: The types of columns that have only an annotation, such as `Mapped[int]`.
ANNOTATIONS: dict[Any, TypeEngine[Any]] = {
    str: Text(),
    int: Integer(),
    bool: Boolean(),
    date: Date(),
    datetime: UTCDateTime(),
}
