"""Pages of long texts with equal beginnings, and totals. tests/contract tests other lists."""

import pytest

from flask_things.db.session import db
from tests.support.server import every_thing
from tests.support.things import (
    THINGS,
    count_things,
    create_things,
    export_things,
    list_things,
)

SORTS = ("id", "created_at", "updated_at", "text")
ORDERS = [*SORTS, *(f"-{name}" for name in SORTS)]


def in_order(things, sort):
    """Return things sorted in Python."""
    name = sort.removeprefix("-")
    return sorted(
        things,
        key=lambda thing: (thing[name][:200] if name == "text" else thing[name], thing["id"]),
        reverse=sort.startswith("-"),
    )


@pytest.mark.parametrize("sort", ORDERS)
def test_the_pages_of_a_sort_order_are_complete(client, things, sort):
    assert every_thing(client, f"/things?sort={sort}&limit=3") == in_order(things, sort)


@pytest.mark.parametrize("sort", ORDERS)
def test_the_pages_of_a_search_are_complete(client, things, sort):
    found = [thing for thing in things if "xxx" in thing["text"]]
    assert len(found) > 2
    assert every_thing(client, f"/things?q=XXX&sort={sort}&limit=1") == in_order(found, sort)


def test_the_total_is_of_the_same_moment_as_the_page(client, things, connection, monkeypatch):
    def count_late(session, **selection):
        connection.execute("DELETE FROM thing WHERE id < 5")
        connection.commit()
        return count_things(session, **selection)

    monkeypatch.setattr(THINGS.collection, "count", count_late)
    response = client.get("/things?total=true")
    assert response.headers["X-Total-Count"] == str(len(response.json)) == "22"


def test_a_shell_takes_ids_and_times(app):
    with app.app_context():
        made = create_things(db.session, [{"text": str(number)} for number in range(300)])
        ids = {row.id for row in made[::2]}
        selection = {"id": ids, "created_at_gte": made[4].created_at, "updated_at_lt": None}
        found = [row for row in made[::2] if row.created_at >= made[4].created_at]
        assert len(found) > 140
        assert list_things(db.session, **selection) == found
        assert [*export_things(db.session, sort="-text", **selection)] == sorted(
            found, key=lambda row: row.text, reverse=True
        )
        assert count_things(db.session, **selection) == len(found)
        assert list_things(db.session, id=[-1, 0, 2**63, *ids], text=found[0].text) == found[:1]
        assert list_things(db.session, text="0" * 300) == []


def test_an_unknown_filter_is_an_error_in_a_shell(app):
    with app.app_context():
        for wrong in ({"texts": "a"}, {"created_at_gt": None}, {"created_at": None}, {"id": 7}):
            with pytest.raises(TypeError):
                list_things(db.session, **wrong)
