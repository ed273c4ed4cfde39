"""The page for people at /: the rows of a resource, live. It uses only the API."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from flask import Flask, Response, current_app, make_response, render_template, request
from werkzeug.exceptions import NotFound

from flask_things.http.compression import compressed
from flask_things.http.preconditions import revalidated
from flask_things.resource.routes import Resource

#: The page may load and call only this server, and never turns text into markup.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

#: The labels of the sort orders that every resource has. The first is the page's default.
SORTS = {
    "-id": "Newest first",
    "id": "Oldest first",
    "-updated_at": "Last changed first",
    "updated_at": "Last changed last",
}

#: Texts with a larger maximum get a field with several lines.
LINE_CHARACTERS = 200


def init_app(
    app: Flask, resources: Sequence[Resource], document: Callable[[], dict[str, Any]]
) -> None:
    """Serve the page of each resource. Its fields come from the OpenAPI document."""
    by_name = {resource.name: resource for resource in resources}
    titles = {name: label(one.words["many"]) for name, one in by_name.items()}

    @cache
    def content(name: str) -> dict[str, Any]:
        about = describe(by_name[name], document())
        query = parameters(by_name[name], document())
        filters = [one for one in about["fields"] if one["values"] and one["name"] in query]
        orders = sorts(query["sort"]["enum"])
        return {"about": about, "query": query, "filters": filters, "sorts": orders}

    @app.get("/")
    @compressed
    @revalidated
    def page() -> Response:
        name = request.args.get("resource", resources[0].name)
        if name not in by_name:
            raise NotFound("No such resource exists.")
        html = render_template("page.html", **content(name), title=titles[name], titles=titles)
        return make_response(html, {"Content-Security-Policy": POLICY})


def parameters(resource: Resource, document: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of each query parameter of a list, by name."""
    given = document["paths"][f"/{resource.name}"]["get"]["parameters"]
    return {one["name"]: one["schema"] for one in given if one["in"] == "query"}


def sorts(names: Sequence[str]) -> dict[str, str]:
    """Return the sort orders of a list with their labels."""
    others = (name for name in names if name not in SORTS and not name.endswith("created_at"))
    ways = {True: "descending", False: "ascending"}
    return SORTS | {
        name: f"{label(name.removeprefix('-'))}, {ways[name.startswith('-')]}" for name in others
    }


def describe(resource: Resource, document: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a resource for the script. The main field comes first."""
    schema = document["components"]["schemas"][f"{resource.words['One']}Input"]["properties"]
    fields = [field(name, one) for name, one in schema.items() if not one.get("readOnly")]
    texts = [one for one in fields if one["type"] == "string" and not one["values"]]
    searched = [one for one in fields if one["name"] == resource.searched]
    main = next(iter([*searched, *texts, *fields]))
    return {
        "name": resource.name,
        "key": resource.table.name,
        "one": resource.words["one"],
        "many": resource.words["many"],
        "auth": current_app.config["THINGS_AUTH"],
        "keeps": current_app.config["THINGS_KEEP_DAYS"] > 0,
        "fields": [main, *(one for one in fields if one is not main)],
        "read_only": [name for name, one in schema.items() if one.get("readOnly")],
    }


def field(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a field for the script."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    values = [False, True] if "boolean" in kinds else schema.get("enum", [])
    limits = ("default", "format", "minimum", "maximum")
    return {
        "name": name,
        "label": label(name),
        "type": kinds[0],
        "nullable": "null" in kinds,
        "values": [value for value in values if value is not None],
        "is_long": kinds[0] == "string" and schema.get("maxLength", 0) > LINE_CHARACTERS,
        **{key: schema[key] for key in limits if key in schema},
    }


def label(name: str) -> str:
    """Return the label of a field or resource, such as "Thing id" for thing_id."""
    return name.replace("_", " ").capitalize()
