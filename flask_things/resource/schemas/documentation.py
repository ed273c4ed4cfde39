"""How the OpenAPI document describes the schemas of a resource, with an example of each field."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

from marshmallow import missing

from flask_things.resource.schemas.fields import AnyField

#: The fields that the server sets.
FIELDS = {
    "id": "Assigned by the server and never reused.",
    "created_at": "The time of creation, set by the server.",
    "updated_at": "The time of the last change, set by the server.",
}

#: The schemas, by their names in Schemas; that of a row has the docstring of its model.
SCHEMAS = {
    "input": "The fields of {a_one}, to create or to replace it. Read-only fields are ignored.",
    "patch": "The fields of {a_one} to change. Read-only fields are ignored.",
    "item_patch": "The `id` of {a_one}, and its fields to change.",
    "change": "The latest change of {a_one}, with its present fields, or null if it is gone.",
    "deleted": "The fields of {a_one} in the trash.",
    "version": "The fields of {a_one} as a change left them, or null after a deletion.",
}


def describe(schemas: Any, model: type[Any], words: Mapping[str, str]) -> None:
    """Describe the schemas of a resource."""
    of_model = cleandoc(vars(model).get("__doc__") or "").partition("\n\n")[0]
    schemas.output.Meta.description = of_model or "The fields of {a_one}.".format_map(words)
    for name, text in SCHEMAS.items():
        getattr(schemas, name).Meta.description = text.format_map(words)


def of_field(name: str, field: AnyField, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the documentation of a field: its example is that of the body, or its default."""
    document: dict[str, Any] = {}
    if name in FIELDS:
        document["description"] = FIELDS[name]
    default = field.load_default
    if name in example:
        document["examples"] = [example[name]]
    elif not (default is None or default is missing or callable(default)):
        document["examples"] = [field.serialize(name, {name: default})]
    return document
