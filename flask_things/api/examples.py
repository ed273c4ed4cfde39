"""Examples for the OpenAPI document: every parameter, header and response without one gets one.

They follow from the schemas: from their examples, defaults, enums or types. The text of an export
or of an event stream shows the rows of the JSON array at the same path.
"""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from flask_things.api.components import POSITION
from flask_things.db.types import compact


def complete(document: dict[str, Any]) -> None:
    """Add the examples that a document lacks."""
    components = document["components"]
    fields = [*components["headers"].values()]
    responses = [("", response) for response in components["responses"].values()]
    for path, item in document["paths"].items():
        for operation in item.values():
            fields += operation.get("parameters", ())
            responses += [(path, response) for response in operation["responses"].values()]
    for path, response in responses:
        fields += response.get("headers", {}).values()
        for kind, content in response.get("content", {}).items():
            if "example" not in content:
                content["example"] = _body(document, path, kind, content["schema"])
    for field in fields:
        if "schema" in field:
            field["example"] = example_of(field["schema"], components["schemas"])


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return a value that is valid by a schema, which may refer to others by their names."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for key in ("examples", "enum", "anyOf", "allOf"):
        if schema.get(key):
            first = schema[key][0]
            return example_of(first, schemas) if key.endswith("Of") else first
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        members = schema.get("properties", {}).items()
        return {name: example_of(member, schemas) for name, member in members}
    if kind == "array":
        return [example_of(schema["items"], schemas)]
    if kind == "integer":
        least = max(1, schema.get("minimum", 1))
        return min(least, schema.get("maximum", least))
    if kind == "string":
        return "text".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    return {"boolean": True, "number": 1.5}.get(kind)


def _body(document: dict[str, Any], path: str, kind: str, schema: Mapping[str, Any]) -> Any:
    """Return the body of a response of a media type."""
    schemas = document["components"]["schemas"]
    try:
        listed = document["paths"][path.partition(".")[0]]["get"]["responses"]["200"]
        rows = example_of(listed["content"]["application/json"]["schema"], schemas)
        return TEXTS[kind](rows)
    except KeyError:
        return example_of(schema, schemas)


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(rows[0])
    for row in rows:
        values = row.values()
        writer.writerow([v if isinstance(v, str | None) else compact(v) for v in values])
    return text.getvalue()


def _ndjson(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(f"{compact(row)}\n" for row in rows)


def _events(changes: Sequence[Mapping[str, Any]]) -> str:
    events = (
        f"id: {POSITION}\nevent: {change['change']}\ndata: {compact(change)}\n\n"
        for change in changes
    )
    return "".join(events)


#: The text of rows or of changes, by media type.
TEXTS = {
    "application/x-ndjson": _ndjson,
    "application/octet-stream": _ndjson,
    "text/csv": _csv,
    "text/event-stream": _events,
}
