"""How many journal entries a page of changes reads."""

import pytest

from flask_things.db import places
from flask_things.db.session import db
from flask_things.resource.history import changes
from flask_things.things import THINGS
from tests.support.things import create_thing, create_things, update_thing


@pytest.fixture
def session(app):
    """Return a session."""
    with app.app_context():
        yield db.session


def walk(session, place, **limits):
    """Return the ids on each page, from a position to the newest one."""
    pages, page = [], None
    while page is None or page.has_next:
        page = THINGS.feed.page(session, place, **{"limit": 100, **limits})
        pages.append([one.row_id for one in page.changes])
        place = page.place
    return pages


def test_a_page_ends_before_its_bytes_do(session):
    place = places.now(session)
    create_things(session, [{"text": "x" * 3000} for _ in range(5)])
    assert walk(session, place, max_bytes=8000) == [[1, 2], [3, 4], [5]]


def test_a_row_that_is_longer_than_a_page_has_one_for_itself(session):
    place = places.now(session)
    create_things(session, [{"text": "x" * 3000} for _ in range(2)])
    assert walk(session, place, max_bytes=1000) == [[1], [2]]


def test_irrelevant_entries_are_read_in_steps(session, monkeypatch):
    """Each step is a short statement, however far the next change is."""
    monkeypatch.setattr(changes, "WALKED_ENTRIES", 7)
    feed = changes.Feed("things", THINGS.table, THINGS.writer)
    first, second = (create_thing(session, text="a").id for _ in range(2))
    place = places.now(session)
    for number in range(30):
        update_thing(session, first, text=f"b{number}")
    update_thing(session, second, text="c")
    found = []
    while len(found) < 2:
        page = feed.page(session, place, limit=100)
        assert page.changes
        found += [one.row_id for one in page.changes]
        place = page.place
    assert found == [first, second]
    assert not feed.page(session, place, limit=100).has_next


def test_a_page_that_is_not_found_in_time_is_empty_and_leads_on(session, monkeypatch):
    monkeypatch.setattr(changes, "WALKED_ENTRIES", 7)
    monkeypatch.setattr(changes, "WALK_S", -1)
    feed = changes.Feed("things", THINGS.table, THINGS.writer)
    thing = create_thing(session, text="a")
    place = places.now(session)
    for number in range(30):
        update_thing(session, thing.id, text=f"b{number}")
    page = feed.page(session, place, limit=100)
    assert (page.changes, page.has_next) == ([], True)
    assert page.place.position == place.position + 7


def test_no_page_scans_the_journal(session, engine):
    """An index provides the entries in order, even without table statistics."""
    create_things(session, [{"text": "x"} for _ in range(3000)])
    place = places.now(session)
    query = THINGS.feed._page(engine).compile(db.engine)
    given = query.params | {"position": place.position - 2000, "limit": 102}
    cursor = session.connection().connection.cursor()
    if engine == "sqlite":
        cursor.execute(f"EXPLAIN QUERY PLAN {query}", [given[name] for name in query.positiontup])
        plan = "\n".join(row[3] for row in cursor.fetchall())
        assert "SCAN journal" not in plan
    else:
        cursor.execute(f"EXPLAIN {query}", given)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan on journal" not in plan
    assert "ix_journal_row" in plan
