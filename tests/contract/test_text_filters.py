"""Selecting rows by a whole text."""

import pytest

from flask_things.db.types import Text
from tests.support.resources import parameters


@pytest.fixture
def texts(rows):
    """Return the filtered text columns with their types."""
    filters = rows.resource.collection.queries.narrowing.filters
    columns = (rows.resource.table.c[name] for name in filters)
    return {c.name: c.type for c in columns if isinstance(c.type, Text)}


def create(rows, name, texts):
    """Create rows with these texts, cut to the column's limit."""
    maximum = rows.resource.table.c[name].type.maximum
    unique = dict.fromkeys(text[:maximum] for text in texts)
    return rows.create_many([rows.minimal(n, **{name: text}) for n, text in enumerate(unique)])


def test_every_character_is_itself(rows, texts):
    wild = [
        "a%b",
        "a_b",
        "a*b",
        "a?b",
        "[ab]",
        "a",
        "A",
        "ab",
        "a'b",
        'a"b',
        "a\\b",
        "ä",
        "a\u0308",
    ]
    wild += [
        " a",
        "a ",
        "%",
        "_",
        "*",
        "a,b",
        "a&b=c",
        "1",
        "true",
        "null",
        "🍏",
        "\u2028",
        "+",
        "a\u0308",
    ]
    for name in texts:
        made = create(rows, name, wild)
        for row in made:
            response = rows.get(query_string={name: row[name], "total": "true"})
            assert response.json == [row], row[name]
            assert response.headers["X-Total-Count"] == "1"


def test_a_text_is_compared_as_a_whole(rows, texts):
    """The index has only the first 200 characters."""
    for name, kind in texts.items():
        made = create(rows, name, ["x" * 199, "x" * 200, "x" * 201, "x" * 5000, "x" * 199 + "y"])
        for row in made:
            found = [row] if len(row[name]) <= 200 else []
            if found:
                assert rows.get(query_string={name: row[name]}).json == found
        for length in (201, 5000):
            response = rows.get(query_string={name: "x" * length})
            limit = min(kind.maximum, 200)
            assert parameters(response) == [name]
            error = response.json["errors"][0]
            assert (error["code"], error["limit"]) == ("too_long", limit)


def test_an_empty_text_is_found_where_there_may_be_one(rows, texts):
    for name, kind in texts.items():
        if kind.minimum:
            assert parameters(rows.get(query_string={name: ""})) == [name]
        else:
            empty, _ = create(rows, name, ["", " "])
            assert rows.get(query_string={name: ""}).json == [empty]
