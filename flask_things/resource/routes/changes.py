"""The changes of a resource, in pages and as server-sent events."""

from functools import cached_property
from typing import Any

from flask import Response, request
from marshmallow import fields
from webargs.flaskparser import abort

from flask_things.api.components import EVENTS, POSITION, changes_headers
from flask_things.api.problem_responses import component
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

#: The schema of a position among the changes.
TOKEN = {
    "pattern": "^[A-Za-z0-9_-]+$",
    "maxLength": 2048,
    "examples": [POSITION],
}


class ChangesQuery(SharedSchema):
    """The limit and the position to start from."""

    limit = Limit(
        load_default=PAGE_DEFAULT_ITEMS,
        metadata={
            "description": f"The maximum number of changes; values above {PAGE_MAX_ITEMS} mean "
            f"{PAGE_MAX_ITEMS}. A page may have fewer although more follow.",
            "minimum": 1,
        },
    )
    since = fields.String(
        metadata={
            "description": "An opaque position, from `Link` or from the `id` of an event. The "
            "default is now.",
            **TOKEN,
        }
    )


class LastEventID(SharedSchema):
    """The last event that a reconnecting client has received."""

    last_event_id = fields.String(
        data_key="Last-Event-ID",
        metadata={
            "description": "For event streams: the `id` of the last event that arrived. It takes "
            "precedence over `since`.",
            **TOKEN,
        },
    )


class Changes(Declaration):
    """The operation that returns changes."""

    @cached_property
    def feed(self) -> Feed:
        """The feed of changes."""
        return Feed(self.name, self.table, self.writer)

    @operation(
        "GET /{name}/changes",
        "list{One}Changes",
        returns="One page of changes, or a stream of them.",
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

        Returns the changes after `since`, oldest first. Each {one} is listed once, at its latest
        change, with its present fields, or null if it no longer exists. `Link` always has the URL
        of the next page; an empty page means that nothing has changed yet.

        Without `since`, the page is empty and its `Link` starts from now. To keep a copy of all
        {many}: request this `Link`, then an export, then follow the `Link`.

        With `Accept: text/event-stream`, the response stays open and sends each change as a
        server-sent event.
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
        """Return the place that a client sent, or the newest one."""
        if token is None:
            return places.now(db.session)
        try:
            return self.feed.place(token)
        except ValueError:
            message = Message(
                "The position is damaged, or belongs to another resource.", Code.CURSOR
            )
            abort(422, messages={location: {name: [message]}})
