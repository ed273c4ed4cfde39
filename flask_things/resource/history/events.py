"""Changes as server-sent events (https://html.spec.whatwg.org/#server-sent-events).

A stream reads page after page up to the newest place, and then waits for changes. Streams at the
same place share what is read. While it waits, no stream has a database connection.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from flask_things.db import places
from flask_things.db.backend import Unavailable
from flask_things.db.errors import Gone, is_away
from flask_things.db.places import Place
from flask_things.db.session import backend_of, db
from flask_things.environ import STREAM
from flask_things.resource.history.changes import Feed
from flask_things.security import authentication
from flask_things.transport.connection import Connection
from flask_things.transport.streams import NAME, Stream, Streams
from flask_things.turns import let_others_run

MEDIA_TYPE = "text/event-stream"

#: The client's delay before it reconnects, in milliseconds.
RETRY_MS = 2000

#: How often a stream sends a comment, in seconds. It keeps proxies from closing the stream, and
#: detects clients that have disconnected.
COMMENT_S = 15

#: How long to wait while the database is unavailable, in seconds.
AWAY_S = 1

#: The most changes to read at once, and the most bytes of more than one.
PAGE_ITEMS, PAGE_MAX_BYTES = 100, 64_000


class Events(NamedTuple):
    """A page of changes as events, the next place, and whether newer entries exist."""

    data: bytes
    place: Place
    has_next: bool


def init_app(app: Flask) -> None:
    """Set up the streams of an application."""
    app.extensions[NAME] = Streams(partial(_poll, app))


def _poll(app: Flask) -> Hashable:
    """Return a value that changes with every commit, or None while the database is unavailable."""
    with suppress(SQLAlchemyError, Unavailable), app.app_context():
        return backend_of(db.session).version() or places.now(db.session)
    return None


def respond(feed: Feed, place: Place) -> Response:
    """Return a response that streams the changes after a place.

    Raises Gone (410) if the place is no longer valid, and ServiceUnavailable (503) if too many
    streams are open.
    """
    response = Response(iter(()), content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would buffer the events
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    follower = Follower(app, feed)
    follower.read(place)
    request.environ[STREAM] = True
    if request.method != "HEAD":
        connection = request.environ.get("gunicorn.socket")
        is_allowed = authentication.recheck(app)
        stream = follower.streams.open(connection if isinstance(connection, Connection) else None)
        response.call_on_close(partial(follower.streams.close, stream))
        response.response = follower.follow(place, stream, is_allowed)
    return response


class Follower:
    """Streams the changes of a resource."""

    def __init__(self, app: Flask, feed: Feed) -> None:
        self._app, self._feed = app, feed
        self.streams: Streams = app.extensions[NAME]

    def follow(
        self, place: Place, stream: Stream, is_allowed: Callable[[], bool]
    ) -> Iterator[bytes]:
        """Yield events until the stream ends, its place expires, or its token is revoked."""
        sent, due = place, monotonic() + COMMENT_S
        yield f"retry: {RETRY_MS}\nid: {self._feed.token(place)}\n\n".encode()
        while not stream.is_over:
            try:
                if monotonic() >= due:
                    if not is_allowed():
                        return
                    # An event without data only sets the place where the client resumes.
                    event = "" if place == sent else f"id: {self._feed.token(place)}\n"
                    sent, due = place, monotonic() + COMMENT_S
                    yield f":\n{event}\n".encode()
                stream.expect()
                key = self._feed.name, place
                page: Events = self.streams.shared(key, partial(self.read, place))
            except Gone:
                return
            except (SQLAlchemyError, Unavailable) as error:
                if not is_away(error):
                    raise
                stream.wait(AWAY_S)
                continue
            place = page.place
            if page.data:
                yield page.data
            if page.has_next:
                let_others_run()
            else:
                stream.wait(due - monotonic())

    def read(self, place: Place) -> Events:
        """Return the changes after a place as events. Raises Gone (410)."""
        token = self._feed.token
        with self._app.app_context():
            page = self._feed.page(db.session, place, limit=PAGE_ITEMS, max_bytes=PAGE_MAX_BYTES)
            events = (
                b"id: %b\nevent: %b\ndata: %b\n\n"
                % (token(one.place).encode(), one.change.encode(), one.json)
                for one in page.changes
            )
            return Events(b"".join(events), page.place, page.has_next)
