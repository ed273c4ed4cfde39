"""Selecting rows by ranges: at or above one bound, below another."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from flask_things.db import types
from flask_things.resource import selection
from tests.support.lists import as_text, in_order, orders, walk
from tests.support.resources import parameters

WRONG_TIMES = ["", "2026-11-22", "2026-11-22T15:04:05", "2026-02-30T00:00:00Z", "now", "1732287845"]
WRONG_TIMES += ["2016-12-31T23:59:60Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]
WRONG_TIMES += ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "\0"]


@pytest.fixture(params=[-1, 5_000], ids=["many", "few"])
def plan(request, monkeypatch):
    """Treat ranges as large or small, which use different queries."""
    monkeypatch.setattr(selection, "FEW_ROWS", request.param)


def ranged(rows):
    """Return the columns with ranges."""
    return list(dict.fromkeys(rows.resource.collection.queries.narrowing.bounds.values()))


def number(rows, name, value):
    """Return a column's value in a form that can be compared."""
    is_decimal = isinstance(rows.resource.table.c[name].type, types.ExactDecimal)
    return Decimal(value) if is_decimal else value


def within(rows, found, name, low=None, high=None):
    """Return the rows in a range, by comparing in Python."""
    low, high = (None if bound is None else number(rows, name, bound) for bound in (low, high))
    values = [(number(rows, name, row[name]), row) for row in found if row[name] is not None]
    return [
        row
        for value, row in values
        if (low is None or value >= low) and (high is None or value < high)
    ]


def bounds(name, low, high):
    """Return the parameters of a range."""
    both = {f"{name}_gte": low, f"{name}_lt": high}
    return {key: as_text(bound) for key, bound in both.items() if bound is not None}


def test_a_range_begins_with_one_bound_and_ends_before_the_other(rows, many):
    assert {"created_at", "updated_at"} <= set(ranged(rows))
    for name in ranged(rows):
        values = [None, *sorted({row[name] for row in many if row[name] is not None})[:4]]
        for low, high in product(values, repeat=2):
            query = bounds(name, low, high) | {"total": "true"}
            found = within(rows, many, name, low, high) if query.keys() != {"total"} else many
            response = rows.get(query_string=query)
            assert response.json == found, query
            assert response.headers["X-Total-Count"] == str(len(found))


def test_ranges_of_all_rows_tile(rows, many):
    for name in ranged(rows):
        middle = sorted(row[name] for row in many if row[name] is not None)[3]
        below, above = (
            rows.get(query_string={f"{name}{end}": as_text(middle)}).json for end in ("_lt", "_gte")
        )
        assert not [row for row in below if row in above]
        found = [row["id"] for row in many if row[name] is not None]
        assert sorted(row["id"] for row in below + above) == found


def test_a_range_holds_in_every_order_and_on_every_page(rows, many, plan):
    for name, sort in product(ranged(rows), orders(rows)):
        middle = sorted(row[name] for row in many if row[name] is not None)[3]
        for low, high, limit in ((None, middle, 3), (middle, None, 2), (middle, middle, 1)):
            found = in_order(rows, within(rows, many, name, low, high), sort)
            query = "&".join(f"{key}={value}" for key, value in bounds(name, low, high).items())
            if name in (sort.removeprefix("-"), "created_at"):
                assert walk(rows, f"{query}&sort={sort}", limit) == found, (query, sort)


def test_a_range_holds_together_with_everything_else(rows, many, plan):
    filters = rows.resource.collection.queries.narrowing.filters
    chosen = {n: many[0][n] for n in filters if many[0][n] is not None}
    ids = ",".join(str(row["id"]) for row in many[:7])
    first, *_, last = ranged(rows)
    for name, sort in product((first, last), ("id", f"-{first}", last, orders(rows)[-1])):
        if sort not in orders(rows):
            continue
        low = many[0][name]
        alike = [row for row in many if all(row[n] == chosen[n] for n in chosen)]
        found = in_order(rows, within(rows, alike, name, low), sort)
        query = {n: as_text(value) for n, value in chosen.items()}
        query |= bounds(name, low, None) | {"sort": sort, "total": "true"}
        for more in ({}, {"id": ids}, {"q": "0"} if rows.searched else {}):
            kept = [row for row in found if not more.get("id") or row in many[:7]]
            kept = [row for row in kept if not more.get("q") or "0" in row[rows.searched]]
            assert many[0] in kept
            response = rows.get(query_string=query | more)
            assert response.json == kept, query | more
            assert response.headers["X-Total-Count"] == str(len(kept))
            whole = rows.get(".ndjson", query_string={k: query[k] for k in query if k != "total"})
            assert whole.text.count("\n") == len(found)


def moved(moment, **step):
    """Return a shifted timestamp."""
    return (datetime.fromisoformat(moment) + timedelta(**step)).isoformat()


def test_a_time_may_be_written_in_every_way_of_rfc_3339(rows, many):
    moment = max(row["created_at"] for row in many)
    found = within(rows, many, "created_at", moment)
    here = datetime.fromisoformat(moment).astimezone(UTC)
    ways = [moment, moment.lower(), moment.replace("T", " "), moment.replace("Z", "000Z")]
    ways += [moment.replace("Z", "+00:00"), moment.replace("Z", "-00:00")]
    for hours in (-23, 14):
        away = (here + timedelta(hours=hours)).replace(tzinfo=None).isoformat("T", "microseconds")
        ways.append(f"{away}{'+' if hours > 0 else '-'}{abs(hours):02}:00")
    for way in ways:
        assert rows.get(query_string={"created_at_gte": way}).json == found, way
    for way, expected in (
        (moved(moment, microseconds=1), []),
        (moment.replace("Z", "0001Z"), []),  # later by less than a microsecond
        ("0001-01-01T00:00:00Z", many),
        ("9999-12-31T23:59:59.999999Z", []),
    ):
        assert rows.get(query_string={"created_at_gte": way}).json == expected, way
        rest = rows.get(query_string={"created_at_lt": way}).json
        assert rest == [row for row in many if row not in expected], way


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["created_at_gte", "created_at_lt", "updated_at_lt"])
def test_an_invalid_time_is_422(rows, name):
    for time in WRONG_TIMES:
        response = rows.get(query_string={name: time})
        assert parameters(response) == [name]
        assert response.json["errors"][0]["code"] == "format"
    unescaped = rows.get(f"?{name}=2026-11-22T15:04:05+02:00")
    assert "Write + as %2B" in unescaped.json["errors"][0]["detail"]
    assert parameters(rows.get(f"?{name}=2026-11-22T15:04:05Z&{name}=x")) == [name]


@pytest.mark.sqlite
def test_a_bound_of_another_type_is_422_but_not_one_beyond_the_columns_limits(rows, many):
    wrong = {types.Integer: ["x", "1.5", "", "1e3", str(2**63)], types.Date: ["x", "2026-1-1", ""]}
    wrong |= {types.ExactDecimal: ["x", "1e3", "", "NaN"], types.UTCDateTime: ["x"]}
    far = {types.Integer: 2**63 - 1, types.Date: date.max.isoformat()}
    far |= {types.ExactDecimal: "9" * 16, types.UTCDateTime: "9999-12-31T23:59:59.999999Z"}
    for name in ranged(rows):
        kind = type(rows.resource.table.c[name].type)
        for value in wrong[kind]:
            assert parameters(rows.get(query_string={f"{name}_lt": value})) == [f"{name}_lt"]
        stored = [row for row in many if row[name] is not None]
        assert rows.get(query_string={f"{name}_lt": as_text(far[kind])}).json == stored
