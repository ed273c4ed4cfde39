"""Cursors, and the Link to the next page (RFC 8288).

A cursor is the place of a page's last thing in its order, with a checksum over that, the order and
what is looked for. It holds no secret: one that somebody made themselves shows nothing that they
could not see anyway, and is checked as any other input.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b

from flask import request, url_for

from flask_things.limits import ID_MAX, TEXT_FORBIDDEN
from flask_things.listing import Position, position, sorted_by
from flask_things.models import Thing

CHECKSUM_BYTES = 8


def encode(place: Position, sort: str, q: str) -> str:
    """Return the cursor for a place in an order of the things that contain `q`."""
    content = json.dumps(place, default=datetime.isoformat).encode()
    bound = json.dumps([sort, q]).encode()
    checksum = blake2b(bound + content, digest_size=CHECKSUM_BYTES).digest()
    return urlsafe_b64encode(checksum + content).rstrip(b"=").decode()


def decode(cursor: str, sort: str, q: str) -> Position:
    """Return the place that a cursor stands for.

    Raises ValueError (422) for one that is damaged, or belongs to another `sort` or `q`.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key, thing_id = json.loads(urlsafe_b64decode(padded)[CHECKSUM_BYTES:])
        kind = sorted_by(sort).type.python_type
        if kind is datetime:
            key = datetime.fromisoformat(key).astimezone(UTC)
        if not (type(key) is kind and type(thing_id) is int and _can_be_stored(key, thing_id)):
            raise ValueError("No such thing can be.")
        # What is encoded again must be the very same: so not one bit of it can have been changed.
        if encode((key, thing_id), sort, q) != cursor:
            raise ValueError("The checksum is wrong.")
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("Damaged, or of another sort or q.") from error
    return key, thing_id


def link_to_next(things: Sequence[Thing], limit: int, sort: str, q: str) -> dict[str, str]:
    """Return the header field for a page that was asked for with one thing more than its limit."""
    if len(things) <= limit:
        return {}
    cursor = encode(position(things[limit - 1], sort), sort, q)
    url = url_for(str(request.endpoint), **{**request.args, "cursor": cursor})  # type: ignore[arg-type]
    return {"Link": f'<{url}>; rel="next"'}


def _can_be_stored(key: int | str | datetime, thing_id: int) -> bool:
    numbers = [number for number in (key, thing_id) if isinstance(number, int)]
    return all(abs(number) <= ID_MAX for number in numbers) and not (
        isinstance(key, str) and TEXT_FORBIDDEN.search(key)
    )
