"""Changes as server-sent events."""

from contextlib import closing

import pytest

from tests.support.events import EVENTS, changes, received
from tests.support.server import next_page

MEDIA_TYPE = "text/event-stream"


def place(rows):
    """Return the newest place."""
    return next_page(rows.get("/changes").headers).partition("since=")[2]


@pytest.fixture
def follow(rows):
    """Return a function that opens a stream, and returns the response and its events."""
    rows.target_all()
    opened = []

    def follow(path="/changes", **headers):
        response = rows.get(path, headers={**EVENTS, **headers})
        opened.append(response)
        assert response.status_code == 200, response.text
        return response, received(response)

    yield follow
    for response in opened:
        response.close()


def test_events_are_the_changes_of_pages(rows, follow):
    since = place(rows)
    made = rows.create_many([rows.body(number) for number in range(3)])
    rows.client.delete(rows.url(made[0]))
    response, events = follow(f"/changes?since={since}", **{"Accept-Encoding": "gzip"})
    assert response.content_type == MEDIA_TYPE
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Accept" in response.vary
    assert not {"ETag", "Link", "Content-Encoding"} & set(response.headers.keys())
    assert next(events) == {"retry": "2000", "id": since}
    assert changes(events, 3) == rows.get(f"/changes?since={since}").json


def test_a_stream_without_a_place_begins_now(rows, follow):
    rows.create()
    _, events = follow()
    next(events)
    row = rows.create(1)
    assert [one["id"] for one in changes(events, 1)] == [row["id"]]


def test_the_id_of_an_event_is_the_place_after_it(rows, follow):
    made = [rows.create(number) for number in range(3)]
    since = place(rows)
    for row in made:
        rows.client.delete(rows.url(row))
    _, events = follow(f"/changes?since={since}")
    sent = [next(events) for _ in range(4)]
    for number, event in enumerate(sent):
        left = rows.get("/changes", query_string={"since": event["id"]}).json
        assert [one["id"] for one in left] == [row["id"] for row in made[number:]]


def test_the_last_event_takes_precedence_over_since(rows, follow):
    old = place(rows)
    rows.create()
    new = place(rows)
    row = rows.create(1)
    _, events = follow(f"/changes?since={old}", **{"Last-Event-ID": new})
    assert next(events)["id"] == new
    assert [one["id"] for one in changes(events, 1)] == [row["id"]]


def test_a_forged_last_event_is_422(rows):
    for value in ("x", "", place(rows)[:-1]):
        response = rows.get("/changes", headers={**EVENTS, "Last-Event-ID": value})
        assert response.status_code == 422
        [error] = response.json["errors"]
        assert (error["header"], error["code"]) == ("Last-Event-ID", "cursor")


def test_a_lost_place_is_410_before_a_stream_begins(rows, execute):
    old = place(rows)
    execute("INSERT INTO journal (change) VALUES ('started')")
    for query, headers in ((f"?since={old}", {}), ("", {"Last-Event-ID": old})):
        response = rows.get(f"/changes{query}", headers={**EVENTS, **headers})
        assert (response.status_code, response.content_type) == (410, "application/problem+json")


def test_a_place_that_is_lost_ends_the_stream(rows, follow, execute):
    _, events = follow()
    next(events)
    execute("INSERT INTO journal (change) VALUES ('started')")
    assert list(events) == []


def test_head_opens_no_stream(rows, app):
    response = rows.client.head(f"{rows.path}/changes", headers=EVENTS)
    assert (response.status_code, response.content_type) == (200, MEDIA_TYPE)
    assert len(app.extensions["flask_things.streams"]) == 0


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json, text/event-stream", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("image/png", "application/json"),
        ("text/event-stream;q=0", "application/json"),
        ("application/*, text/event-stream;q=0.9", "application/json"),
        ("text/event-stream", MEDIA_TYPE),
        ("TEXT/Event-Stream", MEDIA_TYPE),
        ("text/event-stream, */*;q=0.1", MEDIA_TYPE),
        ("application/json;q=0.5, text/event-stream;q=0.6", MEDIA_TYPE),
        ("text/*", MEDIA_TYPE),
    ],
)
@pytest.mark.sqlite
def test_accept_chooses_between_json_and_events(rows, accept, kind):
    headers = {} if accept is None else {"Accept": accept}
    with closing(rows.get("/changes", headers=headers)) as response:
        assert response.content_type == kind
