"""The OpenAPI document and Swagger UI."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from openapi_spec_validator import validate

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture
def document(client):
    """Return the OpenAPI document."""
    return client.get("/openapi.json").json


def operations(document):
    """Return all operations."""
    paths = document["paths"].values()
    return [operation for path in paths for name, operation in path.items() if name in METHODS]


def resolve(document, value):
    """Resolve a reference."""
    for part in value["$ref"].split("/")[1:] if "$ref" in value else ():
        document = document[part]
        value = document
    return value


def objects(value):
    """Return every JSON object in a value, including itself."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [value] if isinstance(value, dict) else []
    return found + [item for part in inner for item in objects(part)]


def test_the_document_is_valid_openapi_3_1(document):
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_simultaneous_first_requests_get_the_whole_document(app):
    """The first request creates the document."""
    ready = Barrier(8)

    def ask(_):
        ready.wait()
        return app.test_client().get("/openapi.json").data

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(ask, range(8)))
    assert len(answers) == 1, {len(answer) for answer in answers}


def test_every_call_is_in_the_document(app, document):
    calls = {
        (re.sub("<.*:(.*)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("page", "static", "openapi"))
    }
    assert calls == {
        (path, method)
        for path, item in document["paths"].items()
        for method in item.keys() & METHODS
    }


@pytest.mark.parametrize(
    "heading", ["Pages", "Conditional requests", "Retries", "Errors", "Authentication"]
)
def test_the_document_has_an_introduction(document, heading):
    assert f"### {heading}\n\n" in document["info"]["description"]


def test_no_description_has_a_line_that_ends_within_a_paragraph(document):
    """Swagger UI would start a new line there."""
    for value in objects(document):
        text = value.get("description", "")
        assert not isinstance(text, str) or not re.search(r"[^\n]\n[\w `]", text), text


def test_every_operation_has_an_id_and_a_title(document):
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(operation["summary"] for operation in operations(document))


def test_every_answer_has_its_headers_and_its_schema(document):
    for operation in operations(document):
        for status, reference in operation["responses"].items():
            answer = resolve(document, reference)
            assert {"X-Request-ID", "Cache-Control"} <= set(answer["headers"])
            if status not in ("204", "304"):
                for kind, content in answer["content"].items():
                    assert content["schema"]
                    assert (kind == "application/problem+json") == (not status.startswith("2"))


def test_every_other_error_is_documented_by_its_range(document):
    """`default` would include successes: clients then parsed the body of an export as a problem."""
    for operation in operations(document):
        assert {"4XX", "5XX"} < set(operation["responses"])
        assert "default" not in operation["responses"]


def test_no_schema_hides_a_built_in_type_of_a_language(document):
    built_in = {"Array", "Blob", "Date", "Error", "Exception", "File", "List", "Map", "Object"}
    built_in |= {"Headers", "Record", "Request", "Response", "Set", "String", "Symbol", "Type"}
    assert set(document["components"]["schemas"]) & built_in == set()


def test_no_two_components_share_a_name(document):
    """Some generators create a type for each, in one namespace."""
    names = [name for components in document["components"].values() for name in components]
    assert len(set(names)) == len(names)


def test_no_number_is_too_large_for_javascript(document):
    numbers = [n for value in objects(document) for n in value.values() if isinstance(n, int)]
    assert max(numbers) < 2**53


def test_no_schema_with_a_format_limits_the_length(document):
    """Clients would measure the parsed object."""
    schemas = [value for value in objects(document) if value.get("format") == "date-time"]
    assert schemas
    assert all("maxLength" not in schema for schema in schemas)


def test_no_pattern_has_an_escape_that_go_does_not_know(document):
    patterns = [value["pattern"] for value in objects(document) if "pattern" in value]
    assert patterns
    assert [pattern for pattern in patterns if "\\u" in pattern] == []


def test_every_schema_has_a_type(document):
    schemas = [value["schema"] for value in objects(document) if "schema" in value]
    for schema in document["components"]["schemas"].values():
        schemas += schema.get("properties", {}).values()
    assert all({"type", "$ref"} & schema.keys() for schema in schemas)


@pytest.mark.parametrize("name", ["ThingInput", "ThingPatch"])
def test_the_read_only_fields_of_a_body_are_those_of_the_thing(document, name):
    schemas = document["components"]["schemas"]
    read_only = {
        field: {key: value for key, value in schema.items() if key != "readOnly"}
        for field, schema in schemas[name]["properties"].items()
        if schema.get("readOnly")
    }
    thing = schemas["Thing"]["properties"]
    assert read_only == {field: thing[field] for field in ("id", "created_at", "updated_at")}


def test_media_types_are_documented_without_parameters(document):
    contents = [value["content"] for value in objects(document) if "content" in value]
    assert [kind for content in contents for kind in content if ";" in kind] == []
    assert "text/csv" in document["paths"]["/things.csv"]["get"]["responses"]["200"]["content"]


def test_every_field_of_an_answer_is_promised(document):
    thing = document["components"]["schemas"]["Thing"]
    assert set(thing["required"]) == set(thing["properties"])


def test_a_patch_is_documented_in_both_its_types(document):
    content = document["paths"]["/things/{thing_id}"]["patch"]["requestBody"]["content"]
    assert list(content) == ["application/merge-patch+json", "application/json"]


def test_nothing_in_the_document_is_unused(document):
    text = json.dumps(document)
    for kind, components in document["components"].items():
        for name in components:
            assert f'"#/components/{kind}/{name}"' in text


def test_the_command_writes_the_document(runner, document, tmp_path):
    assert runner.invoke(args=["openapi", "write", str(tmp_path / "openapi.json")]).exit_code == 0
    assert json.loads((tmp_path / "openapi.json").read_text()) == document


def test_every_file_of_the_docs_is_served_from_here(client):
    page = client.get("/docs")
    assert page.content_type == "text/html; charset=utf-8"
    assert "viewport" in page.text
    files = re.findall(r'(?:src|href|data-url)="([^"]+)"', page.text)
    assert len(files) == 6
    for file in files:
        assert file.startswith("/"), file
        with client.get(file) as response:
            assert response.status_code == 200, file
