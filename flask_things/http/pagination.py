"""Cursors, and the Link to the next page (RFC 8288).

A cursor encodes the position of a page's last row, with a checksum over that and over the resource,
the sort order and the selection. It is not secret: a forged cursor shows nothing that the client
could not see anyway, and is validated like any other input.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from flask import request, url_for

from flask_things.db.ids import ID_MAX

CHECKSUM_BYTES = 8

#: How to parse a cursor's sort value, by type.
READ: dict[type, Callable[[str], Any]] = {
    bool: lambda text: {"True": True, "False": False}[text],
    int: int,
    str: str,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: lambda text: datetime.fromisoformat(text).astimezone(UTC),
}


def encode(place: tuple[Any, int], bound: str) -> str:
    """Return the cursor for a position: a sort value or None, and an id."""
    value, row_id = place
    text = value.isoformat() if isinstance(value, date) else str(value)
    content = f"{row_id}" if value is None else f"{row_id}:{text}"
    checksum = blake2b(f"{bound}:{content}".encode(), digest_size=CHECKSUM_BYTES).digest()
    return urlsafe_b64encode(checksum + content.encode()).rstrip(b"=").decode()


def decode(cursor: str, kind: type, bound: str) -> tuple[Any, int]:
    """Return the position of a cursor; `kind` is the type of its sort value.

    Raises ValueError (422) if it is damaged, or belongs to another selection or order.
    """
    try:
        content = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[CHECKSUM_BYTES:].decode()
        row_id, colon, text = content.partition(":")
        read = READ[str if issubclass(kind, StrEnum) else kind]
        place = read(text) if colon else None, int(row_id)
        # Encoding it again must give the same cursor. This proves that no bit was changed.
        if not _is_possible(*place) or encode(place, bound) != cursor:
            raise ValueError("The checksum is wrong.")
    except (ArithmeticError, KeyError, ValueError) as error:
        text = "The cursor is damaged, or belongs to another sort or selection."
        raise ValueError(text) from error
    return place


def next_link(endpoint: str, cursor: str, parameter: str = "cursor") -> dict[str, str]:
    """Return the Link header to the page that starts at a cursor.

    It keeps the endpoint's other arguments of the current request.
    """
    given = {**(request.view_args or {}), **request.args}
    arguments: Mapping[str, Any] = {**given, parameter: cursor}
    return {"Link": f'<{url_for(endpoint, **arguments)}>; rel="next"'}


def _is_possible(value: Any, row_id: int) -> bool:
    integers = [number for number in (value, row_id) if isinstance(number, int)]
    return all(abs(number) <= ID_MAX for number in integers) and "\0" not in str(value)
