"""Query plans of lists: which index, and how many steps."""

import pytest
from sqlalchemy import event

from flask_things.db.queries import rows
from flask_things.db.session import db
from flask_things.db.types import utc_now
from flask_things.resource import selection
from tests.support.things import THINGS, create_things, list_things

pytestmark = pytest.mark.sqlite

SORTS = ("id", "-id", "created_at", "-updated_at", "text", "-text")

TIME = "2026-01-01T00:00:00Z"


@pytest.fixture
def plan_of(client, app):
    """Return a function that returns SQLite's plan for a page."""

    def plan(query):
        steps = []

        def explain(connection, _cursor, statement, parameters, *_):
            if "thing.text" in statement:
                cursor = connection.connection.cursor()
                steps.append(
                    cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
                )

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", explain)
            assert client.get(f"/things?{query}").status_code == 200
            event.remove(db.engine, "before_cursor_execute", explain)
        *_, found = steps
        return " | ".join(step[-1] for step in found)

    return plan


@pytest.mark.parametrize("sort", SORTS)
def test_few_rows_of_a_range_are_found_by_its_index_in_every_order(plan_of, sort):
    plan = plan_of(f"updated_at_gte={TIME}&sort={sort}")
    assert "INDEX thing_sort_updated_at (updated_at>?)" in plan
    assert "SCAN thing" not in plan


def test_only_ids_are_sorted(plan_of):
    """Sorting whole rows would move their texts in memory."""
    assert "COVERING INDEX thing_sort_updated_at" in plan_of(f"updated_at_gte={TIME}")


@pytest.mark.parametrize("by", ["created_at", "updated_at"])
def test_of_two_ranges_the_chosen_one_finds_the_rows(app, by):
    bounds = {f"{name}_gte": utc_now() for name in ("created_at", "updated_at")}
    with app.app_context():
        query, given = THINGS.collection.queries.page("sqlite", sort="text", by=by, **bounds)

        def explain(_connection, _cursor, statement, parameters, *_):
            return f"EXPLAIN QUERY PLAN {statement}", parameters

        with db.engine.connect() as connection:
            event.listen(connection, "before_cursor_execute", explain, retval=True)
            steps = connection.execute(query, given).cursor.fetchall()
        plan = " | ".join(step[-1] for step in steps)
    assert f"INDEX thing_sort_{by} ({by}>?)" in plan


@pytest.mark.parametrize("sort", SORTS)
def test_of_many_rows_a_page_is_found_in_its_order_without_sorting(plan_of, sort, monkeypatch):
    monkeypatch.setattr(selection, "FEW_ROWS", -1)
    for narrowing in (f"updated_at_gte={TIME}", f"created_at_lt={TIME}", "text=x"):
        assert "TEMP B-TREE" not in plan_of(f"{narrowing}&sort={sort}")


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
def test_a_range_in_its_own_order_is_a_part_of_one_index(plan_of, sort):
    plan = plan_of(f"created_at_gte={TIME}&created_at_lt={TIME}&sort={sort}")
    assert plan == "SEARCH thing USING INDEX thing_sort_created_at (created_at>? AND created_at<?)"


def test_a_text_is_found_by_the_index_of_its_sort(plan_of):
    assert plan_of("text=x") == "SEARCH thing USING INDEX thing_sort_text (<expr>=?)"


def test_ids_are_found_by_the_primary_key(plan_of):
    for sort in SORTS:
        assert "INTEGER PRIMARY KEY (rowid=?)" in plan_of(f"id=3,5&sort={sort}&q=abc")


def test_a_later_page_of_a_range_begins_at_its_place(app):
    """Not at the bound, from where it would read all rows up to the position."""
    with app.app_context():
        create_things(db.session, [{"text": str(number)} for number in range(3)])
        first, place, last = list_things(db.session)
        for sort, bound, kept in (
            ("created_at", {"created_at_gte": first.created_at}, set()),
            ("-created_at", {"created_at_lt": last.created_at}, {"range_created_at_lt"}),
            ("-created_at", {"created_at_gte": first.created_at}, {"range_created_at_gte"}),
        ):
            after = place.created_at, place.id
            query, given = THINGS.collection.queries.page("sqlite", sort=sort, after=after, **bound)
            assert {name for name in given if name.startswith("range")} <= kept
            assert [row.id for row in rows(db.session, query, given)] == [
                last.id if sort == "created_at" else first.id
            ]
