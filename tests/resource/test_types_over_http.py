"""A resource with a column of every type, as clients see it."""

from types import SimpleNamespace

import pytest
from openapi_spec_validator import validate

from flask_things import create_app
from flask_things.db.session import db
from flask_things.things import THINGS
from tests.support.samples import ORDERS, ROWS, create_table
from tests.support.server import every_thing


@pytest.fixture
def client(app, environ):
    """Return a client of an application that has orders, too, and one thing."""
    both = create_app(environ, [THINGS, ORDERS])
    with both.app_context():
        create_table(db.engine)
    client = both.test_client()
    client.post("/things", json={"text": "x"})
    yield client
    with both.app_context():
        db.engine.dispose()


def sent(row):
    """Return a row of Python values as JSON."""
    return ORDERS.schemas.output(only=tuple(row)).dump(SimpleNamespace(**row))


@pytest.fixture
def orders(client):
    """Return orders with all kinds of values."""
    return client.post("/orders/bulk", json=[sent(row) for row in ROWS]).json


def test_the_document_is_valid(client):
    validate(client.get("/openapi.json").json)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["title"][:9])
def test_every_type_is_answered_as_it_was_sent(client, row):
    posted = client.post("/orders", json=sent(row))
    assert posted.status_code == 201
    assert posted.json.items() >= sent(row).items()
    assert client.get("/orders/1").json == posted.json
    assert client.put("/orders/1", json=posted.json).json == posted.json


def test_a_put_of_less_sets_the_defaults(client, orders):
    put = client.put("/orders/2", json={"title": "x"}).json
    assert put.items() >= {"details": {}, "done": False, "due": None, "status": "open"}.items()


@pytest.mark.parametrize("name", ORDERS.collection.queries.filters)
def test_a_filter_finds_equal_values(client, orders, name):
    value = orders[1][name]
    text = "true" if value is True else value
    found = client.get("/orders", query_string={name: text}).json
    assert found == [order for order in orders if order[name] == value]


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("name", ["done", "due", "price", "count", "status", "starts_at", "slug"])
def test_pages_are_sorted_by_every_type_with_null_as_the_lowest(client, orders, name, direction):
    found = every_thing(client, f"/orders?limit=1&sort={direction}{name}")

    def key(order):
        value = order[name]
        value = float(value) if name == "price" and value else value
        return (
            (value is not None, value, order["id"]) if value is not None else (False, order["id"])
        )

    assert found == sorted(orders, key=key, reverse=bool(direction))


def test_a_patch_merges_a_json_object(client, orders):
    client.patch("/orders/1", json={"details": {"a": 1, "b": {"c": 2}}})
    patched = client.patch("/orders/1", json={"details": {"a": None, "b": {"d": 3}}})
    assert patched.json["details"] == {"b": {"c": 2, "d": 3}}


def test_a_patch_from_1_to_true_is_a_change(client, orders):
    """Python takes the two for the same."""
    client.patch("/orders/1", json={"details": {"a": 1}})
    patched = client.patch("/orders/1", json={"details": {"a": True}})
    assert patched.json["details"]["a"] is True


def test_a_json_object_that_grows_too_large_is_named(client, orders):
    client.patch("/orders/1", json={"details": {"a": "x" * 6000}})
    response = client.patch("/orders/1", json={"details": {"b": "x" * 6000}})
    assert response.status_code == 422
    assert response.json["errors"] == [
        {"detail": "Longer than 10000 bytes of JSON.", "pointer": "#/details"}
    ]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_an_export_over_http_can_be_imported(client, orders, kind):
    data = client.get(f"/orders.{kind}").data
    runner = client.application.test_cli_runner()
    result = runner.invoke(args=["orders", "import", "--format", kind, "-"], input=data)
    assert result.stderr == f"0 stored, {len(ROWS)} already there.\n"
