"""The changes of a resource: in pages, and as server-sent events."""

from functools import cached_property
from typing import Any

from flask import Response, request
from marshmallow import fields
from webargs.flaskparser import abort

from flask_things.api.components import EVENTS, changes_headers
from flask_things.api.spec import component
from flask_things.db import places
from flask_things.db.places import Place
from flask_things.db.session import db
from flask_things.http import pagination
from flask_things.http.error_codes import Code, Message
from flask_things.http.json_provider import array
from flask_things.http.request_schemas import SharedSchema
from flask_things.resource.declaration import Declaration
from flask_things.resource.history import events
from flask_things.resource.history.changes import Feed
from flask_things.resource.operations import operation
from flask_things.resource.parameters import PAGE_DEFAULT_ITEMS
from flask_things.resource.schemas.queries import PAGE_MAX_ITEMS, Limit

TOKEN = {"pattern": "^[A-Za-z0-9_-]+$", "maxLength": 2048}


class ChangesQuery(SharedSchema):
    """After which place, and how many."""

    limit = Limit(
        load_default=PAGE_DEFAULT_ITEMS,
        metadata={
            "description": f"The most changes of a page; more than {PAGE_MAX_ITEMS} means that "
            "many. A page may have fewer although more follow.",
            "minimum": 1,
        },
    )
    since = fields.String(
        metadata={"description": "A place from `Link`, or an event's id. Without: now.", **TOKEN}
    )


class LastEventID(SharedSchema):
    """After which event, where a client connects again."""

    last_event_id = fields.String(
        data_key="Last-Event-ID",
        metadata={"description": "For events: goes before `since`.", **TOKEN},
    )


class Changes(Declaration):
    """The operation that tells what has changed."""

    @cached_property
    def feed(self) -> Feed:
        """The changes."""
        return Feed(self.name, self.table, self.writer)

    @operation(
        "GET /{name}/changes",
        "list{One}Changes",
        query=ChangesQuery(),
        sent=LastEventID(),
        answer="change",
        many=True,
        headers=changes_headers,
        other_content={events.MEDIA_TYPE: EVENTS},
        responses={410: component(410)},
        tagged=True,
        kept=False,
    )
    def list_changes(
        self, limit: int, since: str | None = None, last_event_id: str | None = None
    ) -> Any:
        """Follow the changes of {many}

        Without `since`, the page is empty and its `Link` leads to what changes from now on. To keep
        a copy, take that `Link` first, then an export, and follow. Each {one} is on a page once, as
        it is now, at its last change; null if it does not exist. An empty page means that there is
        nothing new yet.

        With `Accept: text/event-stream` the response stays open and sends each change as an event.
        """
        last_event = None
        if last_event_id is not None:
            last_event = self._place(last_event_id, "headers", "Last-Event-ID")
        accept = request.accept_mimetypes
        if accept[events.MEDIA_TYPE] > accept["application/json"]:
            place = last_event or self._place(since, "query", "since")
            response: Response = events.respond(self.feed, place)
            response.vary.add("Accept")
            return response
        place = self._place(since, "query", "since")
        items: list[bytes] = []
        if since is not None:
            page = self.feed.page(db.session, place, limit=limit)
            place, items = page.place, [one.json for one in page.changes]
        link = pagination.next_link(str(request.endpoint), self.feed.token(place), "since")
        return array(items), {**link, "Vary": "Accept"}

    def _place(self, token: str | None, location: str, name: str) -> Place:
        """Return the place that a client names, or the newest."""
        if token is None:
            return places.now(db.session)
        try:
            return self.feed.place(token)
        except ValueError:
            message = Message("Damaged, or of another resource.", Code.CURSOR)
            abort(422, messages={location: {name: [message]}})
