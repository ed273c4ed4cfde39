"""A page of a list, which ends at its limit or at a maximum size, whichever comes first."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Result, Row, Select, Text, bindparam, cast, func, select

from flask_things.db import types

#: The most bytes of JSON in a page of more than one row, and how many rows are read at once. With
#: the longest texts these take 8 MB, too.
PAGE_MAX_BYTES = 8_000_000
READ_ROWS = 20


class Page(NamedTuple):
    """Rows, their JSON, whether more follow, and the total if it was requested."""

    rows: Sequence[Row[Any]]
    items: Sequence[bytes]
    has_next: bool
    total: int | None = None


def read_page(
    result: Result[Any],
    write: Callable[[Row[Any]], bytes],
    limit: int,
    max_bytes: int | None = None,
) -> Page:
    """Return the first rows of a result, at least one, up to `limit` and `max_bytes` of JSON.

    `write` returns the JSON of a row. The rest of the result is not read.
    """
    page: list[Row[Any]] = []
    items: list[bytes] = []
    size, max_bytes = 0, max_bytes or PAGE_MAX_BYTES
    for rows in result.partitions(READ_ROWS):
        for row in rows:
            item = write(row)
            size += len(item)
            if page and (size > max_bytes or len(page) == limit):
                return Page(page, items, has_next=True)
            page.append(row)
            items.append(item)
    return Page(page, items, has_next=False)


def limit_bytes(query: Select[Any], order: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Return a query that ends at the first row before which there are `max_bytes` of text.

    It is for PostgreSQL, whose client library holds a whole result in memory.
    """
    long = (c for c in query.selected_columns if isinstance(c.type, types.Text | types.JSONObject))
    sizes = [func.coalesce(func.octet_length(cast(c, Text)), 0) for c in long]
    size = func.sum(sum(sizes, start=sizes.pop())) if sizes else func.sum(0)
    before = size.over(order_by=order, rows=(None, -1))
    number = func.row_number().over(order_by=order)
    page = query.add_columns(
        func.coalesce(before, 0).label("_bytes_before"), number.label("_number")
    ).subquery()
    *columns, bytes_before, row_number = page.c
    within = bytes_before < bindparam("max_bytes")
    return select(*columns).where(within).order_by(row_number)
