"""Lists of any resource: all pages, and sorting in Python for comparison."""

import json
from decimal import Decimal

from flask_things.db.types import ExactDecimal
from tests.support.server import next_page


def walk(rows, query, limit):
    """Return the rows of all pages of a list."""
    found, path = [], f"{rows.path}?limit={limit}&{query}"
    while path:
        page = rows.client.get(path)
        assert page.status_code == 200, page.text
        assert len(page.json) <= limit
        found += page.json
        path = next_page(page.headers)
    return found


def in_order(rows, found, sort):
    """Return rows sorted in Python. NULL comes first."""
    name = sort.removeprefix("-")
    column = rows.resource.table.c[name]

    def key(row):
        value = row[name]
        if value is None:
            return (False,), row["id"]
        if isinstance(column.type, ExactDecimal):
            value = Decimal(value)
        return (True, value[:200] if isinstance(value, str) else value), row["id"]

    return sorted(found, key=key, reverse=sort.startswith("-"))


def orders(rows):
    """Return all values of the parameter `sort`."""
    return rows.resource.page.fields["sort"].validate.choices


def as_text(value):
    """Return a JSON value as written in a query."""
    return value if isinstance(value, str) else json.dumps(value)
