"""What the OpenAPI document says of each resource. Each response is compared with it elsewhere."""

import json

METHODS = ("get", "put", "post", "patch", "delete")


def operations(document, resource):
    """Return every operation of a resource, by its id."""
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


def test_examples_are_valid(resource, document):
    examples = 0
    for operation in operations(document, resource).values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            document.validate(content["schema"], content["example"])
            examples += 1
    assert examples >= 5
    for suffix in ("", "Input", "Patch"):
        schema = document.document["components"]["schemas"][f"{resource.model.__name__}{suffix}"]
        for field in schema["properties"].values():
            for example in field.get("examples", ()):
                document.validate(field, example)


def test_a_new_row_links_to_what_can_be_done_with_it(resource, document):
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
