"""Schemas derived from a model."""

from datetime import date
from decimal import Decimal

import pytest
from marshmallow import ValidationError

from tests.support.fields import documented
from tests.support.samples import Status
from tests.support.schemas import SCHEMAS, row

READ_ONLY = {"id", "created_at", "updated_at"}
MOMENT = "2026-11-22T15:04:05.123456Z"


def test_an_input_requires_fields_without_a_default():
    assert SCHEMAS.input().load({"title": "x"}) == {
        "title": "x",
        "body": "",
        "done": False,
        "due": None,
        "price": None,
        "count": 0,
        "status": Status.OPEN,
        "details": {},
        "more": None,
        "starts_at": None,
        "slug": None,
        "paid": None,
        "number": None,
        "reason": None,
        "thing_id": None,
    }
    with pytest.raises(ValidationError, match="Missing data for required field"):
        SCHEMAS.input().load({})


def test_a_default_that_is_made_anew_is_not_shared():
    first, second = SCHEMAS.input(many=True).load([{"title": "x"}, {"title": "y"}])
    assert first["details"] is not second["details"]


def test_each_item_of_a_bulk_has_all_fields():
    """So that a field is not dropped if only a later item has it."""
    first, second = SCHEMAS.input(many=True).load([{"title": "x"}, {"title": "y", "count": 5}])
    assert first.keys() == second.keys()
    assert second["count"] == 5


@pytest.mark.parametrize("schema", [SCHEMAS.input, SCHEMAS.patch])
def test_read_only_fields_in_a_body_are_ignored(schema):
    sent = {"title": "x", "id": "?", "created_at": 1, "updated_at": None}
    assert not READ_ONLY & schema().load(sent).keys()


@pytest.mark.parametrize("schema", [SCHEMAS.input, SCHEMAS.patch, SCHEMAS.record])
@pytest.mark.parametrize("name", ["revision", "colour"])
def test_a_field_that_is_not_known_is_refused(schema, name):
    with pytest.raises(ValidationError, match="Unknown field"):
        schema().load({"title": "x", name: 1})


def test_a_patch_has_only_the_sent_fields():
    assert SCHEMAS.patch().load({}) == {}
    assert SCHEMAS.patch().load({"due": None, "count": 1}) == {"due": None, "count": 1}


@pytest.mark.parametrize("name", ["title", "done", "details", "status"])
def test_null_in_a_patch_is_refused_where_the_column_has_no_null(name):
    with pytest.raises(ValidationError) as refused:
        SCHEMAS.patch().load({name: None})
    assert refused.value.messages == {name: ["Field may not be null."]}


def test_a_json_object_in_a_patch_changes_the_present_one():
    change = SCHEMAS.patch().load({"details": {"a": None, "b": {"c": 1}}})["details"]
    assert change({"a": 1, "b": {"d": 2}}) == {"b": {"d": 2, "c": 1}}
    assert change(None) == {"b": {"c": 1}}


def test_the_size_of_a_patched_json_object_is_limited():
    change = SCHEMAS.patch().load({"details": {"a": "x" * 6000}})["details"]
    with pytest.raises(ValidationError, match="Longer than 10000 bytes"):
        change({"b": "x" * 6000})


def test_a_json_object_in_a_patch_is_checked():
    with pytest.raises(ValidationError, match="lone surrogate"):
        SCHEMAS.patch().load({"details": {"a": "\ud800"}})


def test_a_patch_is_accepted_in_both_media_types():
    assert SCHEMAS.patch.media_types == ("application/merge-patch+json", "application/json")


def test_the_output_has_each_field_in_order():
    shown = SCHEMAS.output().dump(row())
    assert next(iter(shown)) == "id"
    assert list(shown)[-2:] == ["created_at", "updated_at"]
    assert shown.keys() == SCHEMAS.input().fields.keys()
    assert (shown["status"], shown["due"], shown["updated_at"]) == ("open", None, MOMENT)


@pytest.mark.parametrize("name", ["id", "title", "created_at", "updated_at"])
def test_a_record_requires_fields_without_a_default(name):
    record = {"id": 7, "title": "x", "created_at": MOMENT, "updated_at": MOMENT}
    assert SCHEMAS.record().load(record)["price"] is None
    del record[name]
    with pytest.raises(ValidationError, match="Missing data for required field"):
        SCHEMAS.record().load(record)


def test_the_components_are_named_after_the_model():
    assert [schema.__name__ for schema in SCHEMAS] == [
        "Order", "OrderInput", "OrderPatch", "OrderItemPatch", "OrderRecord", "OrderChange",
        "DeletedOrder", "OrderVersion",
    ]  # fmt: skip


def test_an_input_is_documented_with_defaults_limits_and_examples():
    properties = documented(SCHEMAS.input().fields)
    assert properties["title"]["minLength"] == 1
    assert properties["title"]["examples"] == ["books"]
    assert properties["status"]["default"] == "open"
    assert properties["details"]["default"] == {}
    assert properties["due"]["type"] == ["string", "null"]
    assert properties["due"]["default"] is None
    assert properties["thing_id"]["description"] == "The id of a thing."
    assert {name for name, one in properties.items() if one.get("readOnly")} == READ_ONLY


def test_a_patch_is_documented_without_defaults():
    assert not any("default" in one for one in documented(SCHEMAS.patch().fields).values())


def test_an_output_is_documented_without_limits_of_texts():
    """Clients that validate would fail once a limit is raised."""
    title = documented(SCHEMAS.output().fields)["title"]
    assert title == {"type": "string", "examples": ["books"]}


def test_an_input_is_loaded_as_python_values():
    sent = {"title": "x", "due": "2026-12-31", "price": "1.5", "status": Status.SHIPPED.value}
    loaded = SCHEMAS.input().load(sent)
    assert loaded["due"] == date(2026, 12, 31)
    assert loaded["price"] == Decimal("1.5")
    assert loaded["status"] is Status.SHIPPED
