"""Writes by other programs: the database completes them, and rejects invalid values."""

import pytest

from flask_things.db import types
from flask_things.db.objects import literal, quote
from tests.conftest import ERRORS


@pytest.fixture
def table(rows):
    """Return the quoted name of the table."""
    return quote(rows.resource.table.name)


def copy(rows, table):
    """Return a statement that inserts a row with only the columns without a default."""
    required = [column for column in rows.columns if column.name in rows.minimal()]
    names = ", ".join(quote(column.name) for column in required)
    other = rows.minimal(7)
    values = ", ".join(_literal(other[c.name]) if c.unique else quote(c.name) for c in required)
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}"


def _literal(value):
    return literal(value) if isinstance(value, str) else str(value)


def test_an_insert_needs_only_columns_without_a_default(rows, table, execute):
    unique = {column.name for column in rows.columns if column.unique}
    before = rows.create_many([rows.minimal()])[0]
    execute(copy(rows, table))
    found = rows.get().json
    assert len(found) == 2
    for name in set(rows.fields) - unique:
        assert found[1][name] == before[name]
    assert found[1]["created_at"] == found[1]["updated_at"]
    assert found[1]["created_at"][:23] >= before["created_at"][:23]
    assert rows.create(1)["id"] > found[1]["id"]


def changed(rows, row, execute, table):
    """Yield the row after an UPDATE of each field by another program."""
    other = rows.create(1)
    for column in rows.plain:
        if not (column.unique or column.foreign_keys or row[column.name] == other[column.name]):
            name = quote(column.name)
            value = f"(SELECT {name} FROM {table} WHERE id = {other['id']})"
            execute(f"UPDATE {table} SET {name} = {value} WHERE id = {row['id']}")
            yield column.name, other[column.name], rows.client.get(rows.url(row))


def test_an_update_moves_updated_at_and_the_etag(rows, table, execute):
    row = rows.create()
    seen = {rows.client.get(rows.url(row)).headers["ETag"]}
    count = 1
    for name, value, response in changed(rows, row, execute, table):
        count += 1
        seen.add(response.headers["ETag"])
        assert response.json[name] == value
        assert response.json["created_at"] == row["created_at"]
        assert response.json["updated_at"][:23] >= row["updated_at"][:23]
        assert response.json["updated_at"] != row["updated_at"]
    assert len(seen) == count


def test_an_update_that_changes_nothing_moves_nothing(rows, table, execute):
    row = rows.create()
    etag = rows.client.get(rows.url(row)).headers["ETag"]
    same = ", ".join(f"{quote(column.name)} = {quote(column.name)}" for column in rows.columns)
    execute(f"UPDATE {table} SET {same}")
    response = rows.client.get(rows.url(row))
    assert (response.json, response.headers["ETag"]) == (row, etag)


def refused(column, is_sqlite):
    """Return SQL values that a column must reject."""
    bad = [] if column.nullable else ["NULL"]
    match column.type:
        case types.Text(minimum=minimum, maximum=maximum):
            bad += [f"'{'x' * (maximum + 1)}'", *(["''"] if minimum else [])]
        case types.Integer(minimum=minimum, maximum=maximum):
            bad += [str(n) for n in (minimum - 1, maximum + 1) if -(2**63) <= n < 2**63]
        case types.ExactDecimal(digits=digits, scale=scale):
            bad.append(str(10**digits if is_sqlite else 10 ** (digits - scale)))
        case types.Date():
            bad += ["'2026-02-30'", "'infinity'", "'10000-01-01'"]
        case types.UTCDateTime():
            bad += ["'2026-02-30 00:00:00'", "'infinity'", "'10000-01-01 00:00:00'"]
        case types.Choice():
            bad += ["'no such value'", "''"]
        case types.JSONObject():
            bad += ["'[]'", "'{'", "'null'"]
    return bad


def test_a_value_that_cannot_be_served_cannot_be_stored(rows, table, execute, engine):
    """Neither in an existing row nor in a new one."""
    row = rows.create()
    times = [rows.resource.table.c[name] for name in ("created_at", "updated_at")]
    for column in (*rows.plain, *times):
        for value in refused(column, engine == "sqlite"):
            name, others = quote(column.name), [c for c in rows.columns if c is not column]
            names = ", ".join([name, *(quote(c.name) for c in others)])
            copies = ("NULL" if c.unique and c.nullable else quote(c.name) for c in others)
            values = ", ".join([value, *copies])
            for statement in (
                f"UPDATE {table} SET {name} = {value}",
                f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}",
            ):
                with pytest.raises(ERRORS):
                    execute(statement)
    assert rows.get().json == [row]


def test_a_search_finds_writes_of_other_programs(rows, table, execute):
    if not rows.searched:
        pytest.skip("this resource has no search")
    row, name = rows.create(), quote(rows.searched)
    execute(f"UPDATE {table} SET {name} = 'ÄPFEL und Birnen'")
    for q, found in (("äpfel", True), ("000", False)):
        response = rows.get(query_string={"q": q})
        assert [one["id"] for one in response.json] == [row["id"]] * found
    execute(f"DELETE FROM {table}")
    assert rows.get("?q=birnen").json == []
