"""Overridden and additional fields of derived schemas."""

from decimal import Decimal

import pytest
from marshmallow import ValidationError

from flask_things.resource.schemas import fields
from flask_things.resource.schemas.derived import Fields, derive
from tests.support.samples import Order
from tests.support.schemas import SCHEMAS, row


class OrderFields(Fields):
    """Overriding fields."""

    title = fields.Text(1, 5)
    price = fields.Decimal(4, 2, load_default=Decimal("9.99"))
    count = fields.Integer(0, 9, dump_only=True)
    total = fields.Integer(dump_only=True)


class MoreOrderFields(OrderFields):
    """A subclass."""

    body = fields.Text(0, 3)


OVERRIDDEN = derive(Order, {"title": "books"}, MoreOrderFields)


@pytest.mark.parametrize("name", ["title", "body"])
def test_a_field_can_be_overridden(name):
    with pytest.raises(ValidationError, match=r"[Ll]ength"):
        OVERRIDDEN.patch().load({name: "123456"})


def test_an_overridden_field_keeps_the_rules_of_its_column():
    with pytest.raises(ValidationError, match="Missing data for required field"):
        OVERRIDDEN.input().load({})
    loaded = OVERRIDDEN.input().load({"title": "x"})
    assert (loaded["body"], loaded["price"]) == ("", Decimal("9.99"))
    assert OVERRIDDEN.patch().load({"price": None}) == {"price": None}


def test_a_field_may_be_read_only():
    assert "count" not in OVERRIDDEN.input().load({"title": "x", "count": 5})
    assert OVERRIDDEN.output().dump(row())["count"] == 0
    assert OVERRIDDEN.record().fields["count"].dump_only is False


def test_a_field_without_a_column_can_be_added():
    assert OVERRIDDEN.output().dump(row(total=5))["total"] == 5
    assert "total" not in OVERRIDDEN.record().fields


def test_an_override_changes_no_other_schema():
    assert SCHEMAS.input().load({"title": "123456", "count": 5})["count"] == 5
    assert OrderFields.title.required is False
