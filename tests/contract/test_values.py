"""Values of fields: valid ones come back, and invalid ones are rejected with their location."""

import json

import pytest

from flask_things.db.types import JSONObject
from tests.support.resources import pointers
from tests.support.values import extremes, invalid


def is_ruled(rows):
    """Return whether the table has CHECK constraints, which a valid value may violate."""
    return bool(rows.resource.table.constraints - {rows.resource.table.primary_key})


def test_every_value_within_the_limits_comes_back(rows):
    row = rows.create()
    for column in rows.plain:
        for given in [] if column.foreign_keys or column.unique else extremes(column):
            response = rows.client.put(rows.url(row), json=rows.body() | {column.name: given})
            if response.status_code == 422 and is_ruled(rows):
                assert pointers(response) == ["#"], (column, given)
                continue
            assert response.status_code == 200, (column, given, response.text)
            assert response.json[column.name] == given
            assert rows.client.get(rows.url(row)).json[column.name] == given


def test_a_patch_of_a_json_object_merges_it(rows):
    url = rows.url(rows.create())
    for column in (one for one in rows.plain if isinstance(one.type, JSONObject)):

        def patch(value, name=column.name):
            return rows.client.patch(url, json={name: value})

        patch({"a": 1, "b": {"c": 2}})
        assert (
            patch({"a": None, "b": {"d": 3}}).json[column.name].items()
            >= {"b": {"c": 2, "d": 3}}.items()
        )
        patch({"a": 1})
        assert patch({"a": True}).json[column.name]["a"] is True
        half = "x" * (column.type.max_bytes * 2 // 3)
        assert patch({"a": half}).status_code == 200
        assert pointers(patch({"b": half})) == [f"#/{column.name}"]


@pytest.mark.sqlite
def test_an_invalid_value_is_422_and_pointed_at_with_its_code_and_limit(rows):
    row, body = rows.create(), rows.body(1)
    for column in rows.plain:
        for given, *expected in invalid(column):
            bad = json.dumps(body | {column.name: given})
            for path, method, data, pointer in (
                (rows.path, "POST", bad, ""),
                (rows.url(row), "PUT", bad, ""),
                (rows.url(row), "PATCH", json.dumps({column.name: given}), ""),
                (f"{rows.path}/bulk", "POST", f"[{json.dumps(body)}, {bad}]", "/1"),
            ):
                response = rows.client.open(
                    path, method=method, data=data, content_type="application/json"
                )
                found = pointers(response)
                assert {p.split(column.name)[0] for p in found} == {f"#{pointer}/"}, (column, given)
                assert expected in [[e["code"], e.get("limit")] for e in response.json["errors"]]
    assert rows.get().json == [row]


@pytest.mark.sqlite
def test_a_missing_field_is_422_and_reported(rows):
    row, required = rows.create(), rows.minimal()
    wanted = {f"#/{name}" for name in required}
    assert set(pointers(rows.post({}))) == wanted
    assert set(pointers(rows.client.put(rows.url(row), json={}))) == wanted
    assert set(pointers(rows.post([required, {}], "/bulk"))) == {f"#/1{p[1:]}" for p in wanted}


@pytest.mark.sqlite
def test_an_unknown_field_is_422_and_reported(rows):
    row = rows.create()
    for name, place in {"colour": "colour", "": "", "a/b~c ä": "a~1b~0c%20%C3%A4"}.items():
        body = rows.body(1) | {name: 1}
        assert pointers(rows.post(body)) == [f"#/{place}"]
        assert pointers(rows.client.put(rows.url(row), json=body)) == [f"#/{place}"]
        assert pointers(rows.client.patch(rows.url(row), json={name: 1})) == [f"#/{place}"]
        assert pointers(rows.post([body], "/bulk")) == [f"#/0/{place}"]
    for hidden in ("revision", "_schema", "__class__"):
        assert pointers(rows.post(rows.body(1) | {hidden: 1})) == [f"#/{hidden}"]
    assert rows.get().json == [row]


@pytest.mark.sqlite
@pytest.mark.parametrize("body", ["[]", "null", '"text"', "7", "true"])
def test_a_body_that_is_not_an_object_is_422(rows, body):
    row = rows.create()
    for path, method in ((rows.path, "POST"), (rows.url(row), "PUT"), (rows.url(row), "PATCH")):
        response = rows.client.open(path, method=method, data=body, content_type="application/json")
        assert pointers(response) == ["#"]


@pytest.mark.sqlite
@pytest.mark.parametrize("body", [b"", b"{", b"\xff{}", b"\xef\xbb\xbf{}", b"NaN", b"[" * 9_000])
def test_a_body_that_is_not_json_is_400(rows, body):
    row = rows.create()
    for path, method in (
        (rows.path, "POST"),
        (f"{rows.path}/bulk", "POST"),
        (rows.url(row), "PUT"),
        (rows.url(row), "PATCH"),
    ):
        response = rows.client.open(path, method=method, data=body, content_type="application/json")
        assert response.status_code == 400, (path, method)


@pytest.mark.sqlite
def test_an_unknown_query_parameter_is_422_on_every_path(app, rows):
    row = rows.create()
    name = rows.resource.name
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{name}.")]
    assert len(rules) >= 9
    for rule in rules:
        path = rule.rule.replace(f"<id:{rows.resource.table.name}_id>", str(row["id"]))
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            item = rows.body(1) | {"id": row["id"]}
            body = [item] if path.endswith("/bulk") else item
            needed = f"id={row['id']}&" * (path.endswith("/bulk") and method == "DELETE")
            url = f"{path}?{needed}colour=red"
            response = rows.client.open(url, method=method, json=body)
            assert [e["parameter"] for e in response.json["errors"]] == ["colour"], (method, path)
    assert rows.get().json == [row]
