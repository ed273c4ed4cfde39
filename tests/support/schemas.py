"""The schemas of the sample, and a row for them."""

from datetime import UTC, datetime
from types import SimpleNamespace

from flask_things.resource.schemas.derived import derive
from tests.support.samples import Order

SCHEMAS = derive(Order, {"title": "books", "due": "2026-12-31"})


def row(**values):
    """Return a row of the database."""
    moment = datetime(2026, 11, 22, 15, 4, 5, 123456, UTC)
    read_only = {"id": 7, "created_at": moment, "updated_at": moment, "revision": 1}
    return SimpleNamespace(**SCHEMAS.input().load({"title": "x"}), **read_only, **values)
