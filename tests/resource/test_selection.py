"""Pages of long texts that begin alike, and totals. The rest of lists: tests/contract."""

import pytest

from tests.support.server import every_thing
from tests.support.things import THINGS, count_things

SORTS = ("id", "created_at", "updated_at", "text")
ORDERS = [*SORTS, *(f"-{name}" for name in SORTS)]


def in_order(things, sort):
    """Return things in an order, by Python's own sorting."""
    name = sort.removeprefix("-")
    return sorted(
        things,
        key=lambda thing: (thing[name][:200] if name == "text" else thing[name], thing["id"]),
        reverse=sort.startswith("-"),
    )


@pytest.mark.parametrize("sort", ORDERS)
def test_the_pages_of_an_order_are_the_whole_of_it(client, things, sort):
    assert every_thing(client, f"/things?sort={sort}&limit=3") == in_order(things, sort)


@pytest.mark.parametrize("sort", ORDERS)
def test_the_pages_of_a_search_are_the_whole_of_it(client, things, sort):
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
