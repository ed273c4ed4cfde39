"""Cursors, and the Link to the next page (RFC 8288).

A cursor is the place of a page's last thing in its order, with a checksum over that, the order and
what is looked for. It holds no secret: one that somebody made themselves shows nothing that they
could not see anyway, and is checked as any other input.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from flask import request, url_for
from sqlalchemy import Row

from flask_things.db.ids import ID_MAX
from flask_things.resource.selection import Position, position, sorted_by

CHECKSUM_BYTES = 8

#: How what things are sorted by is read, by its type.
READ: dict[type, Callable[[str], int | str | datetime]] = {
    int: int,
    str: str,
    datetime: lambda text: datetime.fromisoformat(text).astimezone(UTC),
}


def encode(place: Position, sort: str, q: str) -> str:
    """Return the cursor for a place in an order of the things that contain `q`."""
    key, thing_id = place
    content = f"{thing_id}:{key.isoformat() if isinstance(key, datetime) else key}".encode()
    bound = f"{sort}:{q}:".encode()
    checksum = blake2b(bound + content, digest_size=CHECKSUM_BYTES).digest()
    return urlsafe_b64encode(checksum + content).rstrip(b"=").decode()


def decode(cursor: str, sort: str, q: str) -> Position:
    """Return the place that a cursor stands for.

    Raises ValueError (422) for one that is damaged, or belongs to another `sort` or `q`.
    """
    try:
        content = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[CHECKSUM_BYTES:].decode()
        thing_id, _, key = content.partition(":")
        place = READ[sorted_by(sort).type.python_type](key), int(thing_id)
        # What is encoded again must be the very same: so not one bit of it can have been changed.
        if not _is_possible(*place) or encode(place, sort, q) != cursor:
            raise ValueError("The checksum is wrong.")
    except (ValueError, OverflowError) as error:
        raise ValueError("Damaged, or of another sort or q.") from error
    return place


def page_headers(
    endpoint: str, last: Row[Any] | None, sort: str, q: str, total: int | None
) -> dict[str, str]:
    """Return the header fields of an endpoint's page; `last` is its last thing if others follow."""
    headers = {} if total is None else {"X-Total-Count": str(total)}
    if last is not None:
        cursor = encode(position(last, sort), sort, q)
        url = url_for(endpoint, **{**request.args, "cursor": cursor})  # type: ignore[arg-type]
        headers["Link"] = f'<{url}>; rel="next"'
    return headers


def _is_possible(key: int | str | datetime, thing_id: int) -> bool:
    numbers = [number for number in (key, thing_id) if isinstance(number, int)]
    return all(abs(number) <= ID_MAX for number in numbers) and "\0" not in str(key)
