"""Error codes: the document lists all of them, and every message has one."""

import json

import pytest
from marshmallow import ValidationError

from flask_things.http.error_codes import Code, described
from flask_things.http.idempotency import IdempotencySchema
from flask_things.http.preconditions import PreconditionsSchema
from tests.support.resources import Rows
from tests.support.samples import ORDERS
from tests.support.values import WRONG_TYPES

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

#: Values that only texts accept, or no field.
TEXTS = [
    "",
    "x",
    "1",
    "0",
    "-1",
    "1e999",
    "9" * 5000,
    "\0",
    "\ud800",
    "ä",
    "x" * 100_001,
    "2026-02-30",
]


def sent(resource):
    """Return the fields of all request bodies and parameters of a resource."""
    bodies = (resource.schemas.input(), resource.schemas.patch(), resource.schemas.record())
    headers = (PreconditionsSchema(), IdempotencySchema())
    for schema in (*bodies, resource.page, resource.selection, *headers):
        is_body = schema in bodies
        for name, field in schema.fields.items():
            yield name, field, [*WRONG_TYPES, *TEXTS, None] if is_body else TEXTS


def test_no_message_is_without_a_code(resource):
    """Otherwise the code of a new message would be meaningless."""
    refused = 0
    for name, field, values in sent(resource):
        for value in values:
            try:
                field.deserialize(value)
            except ValidationError as error:
                refused += 1
                for message in error.messages:
                    assert described(message)[0] != Code.INVALID, (name, value, message)
    assert refused > 30


#: One request to ORDERS for each code.
REQUESTS = [
    ("required", "", {}),
    ("unknown", "", {"colour": 1}),
    ("null", "", {"count": None}),
    ("type", "", {"count": "1"}),
    ("format", "", {"due": "x"}),
    ("not_allowed", "", {"status": "x"}),
    ("not_storable", "", {"title": "\0"}),
    ("too_short", "", {"title": ""}),
    ("too_long", "", {"title": "x" * 201}),
    ("too_few", "/bulk", []),
    ("too_many", "/bulk", [{}] * 1001),
    ("too_small", "", {"count": -1}),
    ("too_large", "", {"count": 101}),
    ("too_deep", "", {"details": json.loads('{"a":' * 33 + "1" + "}" * 33)}),
    ("not_unique", "", {"title": "x", "slug": "taken"}),
    ("not_found", "", {"title": "x", "thing_id": 99}),
    ("rule", "", {"title": "x", "count": 13}),
    ("key_reused", "", {"title": "x"}),
    ("repeated", "?sort=id&sort=id", None),
    ("cursor", "?cursor=x", None),
]


def test_the_document_lists_the_codes_that_there_are(resources, client, document):
    orders = Rows(ORDERS, resources, client)
    key = {"headers": {"Idempotency-Key": "k"}}
    assert orders.post({"title": "x", "slug": "taken"}, **key).status_code == 201
    for code, path, body in REQUESTS:
        options = key if code == "key_reused" else {}
        response = orders.get(path) if body is None else orders.post(body, path, **options)
        assert code in [error["code"] for error in response.json["errors"]], code
    field = document.document["components"]["schemas"]["FieldError"]["properties"]["code"]
    assert set(field["enum"]) == {code for code, *_ in REQUESTS} | {"invalid"}
    assert all(f"- `{code}`: " in field["description"] for code in field["enum"])
