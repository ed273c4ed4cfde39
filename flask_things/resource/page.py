"""A page of a list: it ends at its limit or before its size does, whichever comes first."""

from collections.abc import Sequence
from json import JSONEncoder
from typing import Any, NamedTuple

from sqlalchemy import Result, Row

#: How large a page of more than one thing may be, in bytes of JSON, and how many rows are read at
#: once: with the longest texts these take 8 MB, too.
PAGE_MAX_BYTES = 8_000_000
READ_ROWS = 20

#: What a thing takes at most besides its text, or in all if that has no more than these characters.
THING_BYTES, SHORT_CHARACTERS, SHORT_BYTES = 150, 100, 750

_json = JSONEncoder(ensure_ascii=False).encode


class Page(NamedTuple):
    """Some things, whether there are more, and how many there were in all if that was asked for."""

    things: Sequence[Row[Any]]
    has_next: bool
    total: int | None = None


def read_page(result: Result[Any], limit: int) -> Page:
    """Return the first things of a result: up to `limit`, before PAGE_MAX_BYTES, but at least one.

    The rest of the result is not read.
    """
    page: list[Row[Any]] = []
    size = 0
    for things in result.partitions(READ_ROWS):
        for thing in things:
            size += _json_bytes(thing.text)
            if page and size > PAGE_MAX_BYTES:
                return Page(page, has_next=True)
            page.append(thing)
    return Page(page[:limit], has_next=len(page) > limit)


def _json_bytes(text: str) -> int:
    if len(text) <= SHORT_CHARACTERS:  # a guess at the most: to encode most texts twice takes long
        return SHORT_BYTES
    return THING_BYTES + len(_json(text).encode())
