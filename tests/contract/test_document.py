"""The OpenAPI document of each resource. Other tests compare each response with it."""

import csv
import json
from io import StringIO

METHODS = ("get", "put", "post", "patch", "delete")


def operations(document, resource):
    """Return the operations of a resource by id."""
    return {
        operation["operationId"]: operation
        for operations in document.document["paths"].values()
        for method, operation in operations.items()
        if method in METHODS and operation["tags"] == [resource.name]
    }


def test_every_call_is_documented_by_the_name_of_the_resource(resource, document):
    one = resource.model.__name__
    many = resource.name.replace("-", " ").title().replace(" ", "")
    found = operations(document, resource)
    assert set(found) >= {
        *(f"{verb}{one}" for verb in ("create", "get", "replace", "update", "delete")),
        *(f"{verb}{one}" for verb in ("restore", "erase")),
        *(f"{verb}{many}" for verb in ("list", "create")),
        *(f"list{many}InTrash", f"list{one}Versions"),
        *(f"export{many}As{kind}" for kind in ("NDJSON", "CSV")),
        f"list{one}Changes",
    }
    for operation in found.values():
        for text in (operation["summary"], operation.get("description", "")):
            assert not {"{", "}"} & set(text)
        names = (resource.table.name.replace("_", " "), resource.name.replace("-", " "))
        assert any(name in operation["summary"].lower() for name in names)
    [tag] = [tag for tag in document.document["tags"] if tag["name"] == resource.name]
    assert tag["description"] == resource.description


def test_no_operation_speaks_of_another_resource(resource, resources, document):
    text = json.dumps(list(operations(document, resource).values()))
    for other in (one for one in resources if one is not resource):
        for name in (f"/{other.name}", f"schemas/{other.model.__name__}"):
            assert name not in text


def responses(document, operation):
    """Return the responses of an operation."""
    return [document.resolve(response) for response in operation["responses"].values()]


def fields(document, operation):
    """Return every parameter of an operation, and every header of its responses."""
    headers = [
        header for one in responses(document, operation) for header in one["headers"].values()
    ]
    return [document.resolve(field) for field in (*operation["parameters"], *headers)]


def bodies(document, operation):
    """Return the content of an operation's request and of its responses, in each media type."""
    messages = [operation.get("requestBody", {}), *responses(document, operation)]
    return [content for message in messages for content in message.get("content", {}).values()]


def test_every_parameter_and_header_has_a_description_and_a_valid_example(resource, document):
    for operation in operations(document, resource).values():
        for field in fields(document, operation):
            assert field["description"]
            document.validate(field["schema"], field["example"])


def test_every_body_has_a_valid_example(resource, document):
    checked = 0
    for operation in operations(document, resource).values():
        for content in bodies(document, operation):
            assert content["example"]
            document.validate(content["schema"], content["example"])
            checked += 1
    assert checked > 100


def test_every_schema_has_a_description_and_valid_examples(resource, document):
    for name, schema in document.document["components"]["schemas"].items():
        if resource.model.__name__ in name:
            assert schema["description"]
            for field in schema["properties"].values():
                for example in field.get("examples", ()):
                    document.validate(field, example)


def test_a_body_may_have_no_unknown_fields(resource, document):
    for suffix in ("Input", "Patch", "ItemPatch"):
        schema = document.document["components"]["schemas"][f"{resource.model.__name__}{suffix}"]
        assert schema["additionalProperties"] is False


def test_a_model_describes_its_rows_and_fields(resource, document):
    """With its docstring, and with the `doc` of a column."""
    name = resource.model.__name__
    schema = document.document["components"]["schemas"][name]
    assert schema["description"] in resource.model.__doc__
    for column in resource.table.c:
        if column.doc:
            assert schema["properties"][column.name]["description"] == column.doc


def test_an_example_of_a_request_creates_a_row(resource, document, rows):
    """So that the first click in Swagger UI succeeds."""
    rows.target_all()
    one = resource.model.__name__
    body = operations(document, resource)[f"create{one}"]["requestBody"]["content"]
    assert rows.post(body["application/json"]["example"]).status_code == 201


def test_the_text_of_an_export_shows_the_rows_of_a_list(resource, document):
    many = resource.name.replace("-", " ").title().replace(" ", "")
    found = operations(document, resource)
    listed = found[f"list{many}"]["responses"]["200"]["content"]["application/json"]["example"]
    exported = found[f"export{many}AsNDJSON"]["responses"]["200"]["content"]
    assert [json.loads(exported["application/x-ndjson"]["example"])] == listed
    table = found[f"export{many}AsCSV"]["responses"]["200"]["content"]["text/csv"]["example"]
    [row] = csv.DictReader(StringIO(table, newline=""))
    assert list(row) == list(listed[0])
    assert row["id"] == "1"


def test_parameters_of_the_path_come_first(resource, document):
    for operation in operations(document, resource).values():
        places = [parameter["in"] for parameter in operation["parameters"]]
        assert places == sorted(places, key=["path", "query", "header"].index)


def test_a_new_row_links_to_its_operations(resource, document):
    one = resource.model.__name__
    found = operations(document, resource)
    links = found[f"create{one}"]["responses"]["201"]["links"]
    assert {link["operationId"] for link in links.values()} == {
        f"{verb}{one}" for verb in ("get", "replace", "update", "delete")
    }
    assert {link["operationId"] for link in links.values()} <= set(found)


def test_every_filter_and_every_order_is_documented(resource, document):
    many = resource.name.replace("-", " ").title().replace(" ", "")
    for operation_id in (f"list{many}", f"export{many}AsCSV"):
        listed = operations(document, resource)[operation_id]["parameters"]
        parameters = {p["name"]: p for p in listed if p["in"] == "query"}
        assert set(resource.collection.queries.narrowing.filters) <= set(parameters)
        sorts = set(parameters["sort"]["schema"]["enum"])
        assert sorts == {
            f"{m}{name}" for name in resource.collection.queries.sorts for m in ("", "-")
        }
