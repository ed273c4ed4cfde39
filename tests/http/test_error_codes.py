"""Messages with and without a code."""

from marshmallow import Schema, fields, validate

from flask_things.http.checks import bounds, length
from flask_things.http.error_codes import Code, Message
from flask_things.http.error_locations import errors_of


class Sample(Schema):
    """Fields with our messages and an author's."""

    number = fields.Integer(validate=bounds(-(2**63), 2**63 - 1))
    text = fields.String(
        validate=[*length(2, 5), validate.Regexp("^[a-z]*$", error="Not {input}!")]
    )
    given = fields.String(
        validate=validate.OneOf(["a", "b"], error=Message("Not {input}.", Code.RULE, 7))
    )


def errors(**values):
    """Return the errors of a body without their locations."""
    messages = Sample().validate(values)
    return [{n: e[n] for n in e if n != "pointer"} for e in errors_of({"json": messages})]


def test_a_limit_is_exact():
    assert errors(number=2**63) == [
        {"code": "too_large", "limit": 2**63 - 1, "detail": f"Must be at most {2**63 - 1}."}
    ]
    assert errors(number=-(2**64))[0]["limit"] == -(2**63)


def test_a_message_keeps_its_code_and_its_limit_as_its_text_is_filled_in():
    assert errors(given="{x}") == [{"code": "rule", "limit": 7, "detail": "Not {x}."}]


def test_a_plain_message_has_the_code_invalid_beside_others():
    assert errors(text="ABCDEF") == [
        {"code": "too_long", "limit": 5, "detail": "Longer than maximum length 5."},
        {"code": "invalid", "detail": "Not ABCDEF!"},
    ]


def test_every_item_of_a_list_has_its_own_code():
    messages = Sample(many=True).validate([{"number": "x"}, {"text": "a"}, 5])
    found = [(e["pointer"], e["code"]) for e in errors_of({"json": messages})]
    assert found == [("#/0/number", "type"), ("#/1/text", "too_short"), ("#/2", "type")]
