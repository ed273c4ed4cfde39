"""The page of any resource: it knows no field by name."""

import json
import re
from pathlib import Path

import pytest

from flask_things.web.page import field, sorts

pytestmark = pytest.mark.sqlite


def about(client, resource):
    """Return the page's description of a resource."""
    page = client.get(f"/?resource={resource.name}")
    return json.loads(re.search("data-about='(.*)'>", page.text)[1])


def test_every_resource_has_a_page_with_its_fields(client, resources):
    for resource in resources:
        known = about(client, resource)
        document = client.get("/openapi.json").json
        schema = document["components"]["schemas"][f"{resource.model.__name__}Input"]["properties"]
        writable = {name for name, one in schema.items() if not one.get("readOnly")}
        assert {one["name"] for one in known["fields"]} == writable
        assert set(known["read_only"]) == set(schema) - writable


def test_the_first_resource_is_shown_at_the_root(client, resources):
    assert client.get("/").data == client.get(f"/?resource={resources[0].name}").data


def test_an_unknown_resource_has_no_page(client):
    assert client.get("/?resource=nothing").status_code == 404


def test_the_main_field_is_the_first_one(client, resources):
    for resource in resources:
        main = about(client, resource)["fields"][0]
        assert resource.searched in (main["name"], None)


def test_a_nullable_choice_is_marked():
    schema = {"type": ["string", "null"], "enum": ["a", "b", None], "default": None}
    known = field("how_much", schema)
    assert (known["label"], known["nullable"], known["values"]) == ("How much", True, ["a", "b"])
    assert field("done", {"type": "boolean"})["values"] == [False, True]


def test_orders_have_names_that_people_understand():
    assert sorts(["id", "-id", "created_at", "due_on", "-due_on"]) == {
        "-id": "Newest first",
        "id": "Oldest first",
        "-updated_at": "Last changed first",
        "updated_at": "Last changed last",
        "due_on": "Due on, ascending",
        "-due_on": "Due on, descending",
    }


def test_all_that_is_loaded_is_under_60_kb(app, client):
    files = (Path(app.root_path) / "web/static/page").iterdir()
    assert len(client.get("/").data) + sum(file.stat().st_size for file in files) < 60_000
