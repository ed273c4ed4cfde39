"""Fields of query parameters."""

import re
from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError, fields
from webargs.fields import DelimitedList

from flask_things.api.converters import IdConverter
from flask_things.http.error_codes import Code, Message
from flask_things.resource.schemas.fields import Moment

#: The longest text in a query, in characters. It is part of a URL.
QUERY_MAX_CHARACTERS = 200

#: The most ids in a query.
IDS_MAX_ITEMS = 200

#: The most rows on a page.
PAGE_MAX_ITEMS = 1000

#: A fraction of a second below a microsecond.
FINER = re.compile(r"[.]\d{6}\d*[1-9]")


class Limit(fields.Integer):
    """A number of rows."""

    def _deserialize(self, value: str, *_args: Any, **_kwargs: Any) -> int:
        # Five digits are enough to exceed the maximum. int() fails for very long numbers.
        if not re.fullmatch("0*[1-9][0-9]*", value):
            is_small = re.fullmatch("0+|-[0-9]+", value)
            code, limit = (Code.TOO_SMALL, 1) if is_small else (Code.TYPE, None)
            raise ValidationError(Message("Must be a whole number of at least 1.", code, limit))
        return min(int(value.lstrip("0")[:5]), PAGE_MAX_ITEMS)


class Ids(DelimitedList):
    """Comma-separated ids, sorted and without duplicates."""

    def __init__(self, **kwargs: Any) -> None:
        members = {"minItems": 1, "maxItems": IDS_MAX_ITEMS, "examples": [[3, 5, 8]]}
        kwargs["metadata"] = {**members, **kwargs.get("metadata", {})}
        items = fields.Integer(metadata={"minimum": 0})
        super().__init__(items, **kwargs)

    def _deserialize(self, value: str, *_args: Any, **_kwargs: Any) -> list[Any]:
        ids = value.split(self.delimiter)
        if not all(re.fullmatch(IdConverter.regex, row_id) for row_id in ids):
            form = "Must be comma-separated ids such as 3,5,8."
            raise ValidationError(Message(form, Code.FORMAT))
        if len(ids) > IDS_MAX_ITEMS:
            many = f"More than {IDS_MAX_ITEMS} ids."
            raise ValidationError(Message(many, Code.TOO_MANY, IDS_MAX_ITEMS))
        return sorted({int(row_id) for row_id in ids})


class BoundMoment(Moment):
    """A bound for timestamps, rounded up to whole microseconds."""

    default_error_messages = {
        "invalid": "Must be an RFC 3339 time such as 2026-11-22T15:04:05Z. Write + as %2B in a URL."
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, *args, **kwargs)
        try:
            return moment + timedelta(microseconds=1 if FINER.search(value) else 0)
        except OverflowError as error:
            raise self.refusal(value) from error
