"""Exports over HTTP, export and import commands, and backups."""

import csv
import io
import json

import pytest

from tests.support.values import extremes

KINDS = ["ndjson", "csv"]


@pytest.fixture
def runner(app, client):
    """Return a runner of `flask` commands."""
    return app.test_cli_runner()


@pytest.fixture
def many(rows):
    """Create rows with the limits of every field, and NULL, and return them."""
    bodies = [rows.body(), rows.minimal(1)]
    for column in rows.plain:
        if not (column.foreign_keys or column.unique):
            numbers = range(len(bodies), len(bodies) + 50)
            values = [*extremes(column), *([None] if column.nullable else [])]
            bodies += [
                rows.body(number) | {column.name: value}
                for number, value in zip(numbers, values, strict=False)
            ]
    made = [response.json for response in map(rows.post, bodies) if response.status_code == 201]
    assert len(made) > len(bodies) / 2
    return made


def parsed(rows, kind, data):
    """Return the rows of an export. Values in CSV are parsed."""
    if kind == "ndjson":
        return [json.loads(line) for line in data.decode().split("\n")[:-1]]
    fields = rows.resource.schemas.output().fields
    table = csv.DictReader(io.StringIO(data.decode(), newline=""))
    return [{name: _value(fields[name], text) for name, text in row.items()} for row in table]


def _value(field, text):
    if not text and field.allow_none:
        return None
    return field.from_text(text) if hasattr(field, "from_text") else text


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_equals_the_list(rows, many, kind):
    queries = [{}, {"sort": "-updated_at"}, *({"sort": s} for s in rows.sorts)]
    for name in rows.resource.collection.queries.narrowing.filters:
        if many[0][name] is not None:
            value = many[0][name]
            queries.append({name: value if isinstance(value, str) else json.dumps(value)})
    if rows.searched:
        queries.append({"q": "00", "sort": "-id"})
    for query in queries:
        response = rows.get(f".{kind}", query_string=query)
        listed = rows.get(query_string={**query, "limit": 1000}).json
        assert parsed(rows, kind, response.data) == listed, query


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_of_nothing_has_no_line_but_the_names(rows, kind):
    names = ",".join(rows.resource.schemas.output().fields) + "\r\n"
    assert rows.get(f".{kind}").data.decode() == (names if kind == "csv" else "")


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_saved_under_the_name_of_the_resource(rows, document, kind):
    named = f'attachment; filename="{rows.resource.name}.{kind}"'
    assert rows.get(f".{kind}").headers["Content-Disposition"] == named
    [got] = document.document["paths"][f"{rows.path}.{kind}"].values()
    field = got["responses"]["200"]["headers"]["Content-Disposition"]
    assert field["schema"]["const"] == named


@pytest.mark.sqlite
@pytest.mark.parametrize("kind", KINDS)
def test_an_export_takes_no_parameter_of_a_page(rows, kind):
    for query in ("limit=1", "cursor=x", "total=true", "x=1", "sort=x", "sort=id&sort=id"):
        assert rows.get(f".{kind}?{query}").status_code == 422
    assert (rows.client.head(f"{rows.path}.{kind}").data) == b""


@pytest.mark.parametrize("kind", KINDS)
def test_an_exported_and_imported_row_is_unchanged(rows, many, runner, tmp_path, kind):
    file = tmp_path / f"export.{kind}"
    result = runner.invoke(args=[rows.resource.name, "export", str(file)])
    assert result.exit_code == 0, result.output
    assert file.read_bytes() == rows.get(f".{kind}").data
    for row in many:
        rows.client.delete(rows.url(row))
    for stored, skipped in ((len(many), 0), (0, len(many))):
        result = runner.invoke(args=[rows.resource.name, "import", str(file)])
        assert result.exit_code == 0, result.output
        assert f"{stored} stored, {skipped} already there." in result.output
        assert rows.get("?limit=1000").json == many
    assert rows.create_many([rows.minimal(500)])[0]["id"] > many[-1]["id"]


def test_an_import_names_the_line_that_is_invalid_and_stores_those_before(
    rows, many, runner, tmp_path
):
    lines = rows.get(".ndjson").data.splitlines(keepends=True)
    first, last = json.loads(lines[0]), json.loads(lines[-1])
    for row in many:
        rows.client.delete(rows.url(row))
    bad = {rows.fields[0]: [], "colour": 1}
    references = {c.name: 2**63 - 1 for c in rows.columns if c.foreign_keys}
    for wrong in (bad, *({name: value} for name, value in references.items())):
        file = tmp_path / "bad.ndjson"
        file.write_bytes(lines[0] + json.dumps(last | wrong).encode() + b"\n" + lines[-1])
        result = runner.invoke(args=[rows.resource.name, "import", str(file)])
        assert (result.exit_code, "Line 2: " in result.output) == (1, True), result.output
        assert next(iter(wrong)) in result.output
        assert rows.get().json == [first]


@pytest.mark.sqlite
def test_a_restored_backup_has_every_row_and_gives_no_id_twice(rows, many, runner, tmp_path):
    def run(*args):
        result = runner.invoke(args=["things", *args])
        assert result.exit_code == 0, result.output

    backup = str(tmp_path / "backup")
    run("backup", backup)
    given = rows.create(900)["id"]
    rows.client.delete(rows.url(many[0]))
    run("restore", "--force", backup)
    assert rows.get("?limit=1000").json == many
    assert rows.create(901)["id"] > given
