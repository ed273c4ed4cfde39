"""A model with a column of every type, whose table's name is an SQL keyword."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Engine, ForeignKey, MetaData
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.resource import Choice, ExactDecimal, Integer, JSONObject, Record, Resource, Text
from flask_things.things import Thing


class Status(StrEnum):
    """The status of an order."""

    OPEN = "open"
    SHIPPED = "shipped, but not paid"


class Order(Record):
    """An order of things."""

    __tablename__ = "order"
    metadata = MetaData()  # hides it from migrations
    __table_args__ = (CheckConstraint("count <> 13", "not_13"), *Record.__table_args__)

    title: Mapped[str] = mapped_column(Text(1, 200))
    body: Mapped[str] = mapped_column(Text(0, 200_000), default="")
    done: Mapped[bool] = mapped_column(default=False)
    due: Mapped[date | None]
    price: Mapped[Decimal | None] = mapped_column(ExactDecimal(10, 2))
    count: Mapped[int] = mapped_column(Integer(0, 100), default=0)
    status: Mapped[Status] = mapped_column(Choice(Status), default=Status.OPEN)
    details: Mapped[dict[str, Any]] = mapped_column(JSONObject(10_000), default=dict)
    more: Mapped[dict[str, Any] | None] = mapped_column(JSONObject(10_000))
    starts_at: Mapped[datetime | None]
    slug: Mapped[str | None] = mapped_column(Text(1, 50), unique=True)
    paid: Mapped[bool | None]
    number: Mapped[int | None]
    reason: Mapped[Status | None] = mapped_column(Choice(Status))
    thing_id: Mapped[int | None] = mapped_column(ForeignKey(Thing.id))


SORTED = ("title", "done", "due", "price", "count", "status", "starts_at", "slug", "paid", "number")

ORDERS = Resource(
    "orders",
    Order,
    searched="title",
    filters=(*SORTED, "reason", "thing_id", "body"),
    ranges=("due", "price", "count", "starts_at", "number"),
    sorts=(*SORTED, "reason", "thing_id", "body"),
    example={"title": "Books", "due": "2026-12-31", "price": "12.50"},
)


def create_table(engine: Engine, resource: Resource = ORDERS) -> None:
    """Create the table of a resource, as a migration does."""
    with engine.begin() as connection:
        resource.table.create(connection)
        for each in resource.table.info["objects"]:
            for statement in each.create(engine.dialect.name):
                plain = {"no_parameters": True}  # a % is literal
                connection.exec_driver_sql(statement, execution_options=plain)


#: Fragile values of each type.
ROWS: list[dict[str, Any]] = [
    {"title": "only what has to be"},
    {
        "title": 'a "quoted", one\r\n',
        "body": "\ufeff ä\u2028🍏" + "x" * 150_000,
        "done": True,
        "due": date(1, 1, 1),
        "price": Decimal("-99999999.99"),
        "count": 100,
        "status": Status.SHIPPED,
        "details": {"a": [1, 1.5, None, True, "ä\n", {"b": {}}], "": 10**30},
        "more": {},
        "starts_at": datetime.fromisoformat("9999-12-31T23:59:59.999999Z"),
        "slug": "null",
        "paid": False,
        "number": -(2**63),
        "reason": Status.OPEN,
        "thing_id": 1,
    },
    {"title": " ", "price": Decimal(0), "paid": True, "number": 2**63 - 1, "slug": "'"},
]
