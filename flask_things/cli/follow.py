"""`flask things follow`: changes as webhooks (https://www.standardwebhooks.com), one by one.

Once one is accepted, the place after it is stored. After a kill it may come again, with its id.
"""

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

import click
from flask import current_app

from flask_things.cli.base import Commands
from flask_things.cli.transfer import FILE, refuse_unprepared
from flask_things.db import places
from flask_things.db.backend import Refused
from flask_things.db.errors import Gone
from flask_things.db.session import db
from flask_things.db.sqlite.files import replacing
from flask_things.resource.routes import Resource

#: How often changes are looked for, what a receiver may take, and the longest wait, in seconds.
POLL_S, TIMEOUT_S, WAIT_MAX_S = 0.5, 20, 300


class NoRedirect(HTTPRedirectHandler):
    """Takes a redirect for a failure, as the standard has it."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def add_command(group: Commands, resource: Resource) -> None:
    """Add `follow` of a resource to a group."""

    @group.command("follow", help=f"Send each change of {resource.words['many']} as a webhook.")
    @click.option("--post", "url", metavar="URL", required=True)
    @click.option("--position", "file", type=FILE, default=f"data/{resource.name}.position")
    def follow(url: str, file: Path) -> None:
        refuse_unprepared()
        if not url.startswith(("https://", "http://")):
            raise Refused("The URL must begin with https:// or http://.")
        if not (keys := current_app.config["THINGS_WEBHOOK_SECRET"]):
            raise Refused("THINGS_WEBHOOK_SECRET is not set.")
        stored = file.read_text() if file.exists() else None
        try:
            place = resource.feed.place(stored) if stored else places.now(db.session)
        except ValueError as error:
            raise Refused(f"{file}: {error}") from error
        for token, event in events(resource, place):
            if event:
                post(url, token, json.dumps(event, ensure_ascii=False).encode(), keys)
            if token != stored:
                with replacing(file) as new:
                    new.write_text(stored := token)


def events(resource: Resource, place: places.Place) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield each event, or None after a while without one, with the token of the place after it."""
    feed, name, event = resource.feed, resource.table.name, None
    while True:
        yield feed.token(place), event
        try:
            page = feed.page(db.session, place, limit=100)
        except Gone:
            place = places.now(db.session)
            event = {"type": f"{name}.lost", "timestamp": place.at.isoformat(), "data": {}}
            continue
        for one in page.changes:
            data = json.loads(one.json)
            sent = {"type": f"{name}.{one.change}", "timestamp": data["at"], "data": data}
            yield feed.token(one.place), sent
        place, event = page.place, None
        time.sleep(0 if page.has_next else POLL_S)


def post(url: str, message_id: str, body: bytes, keys: list[bytes]) -> None:
    """Send a webhook until it is accepted. Raises Refused if the receiver wants no more."""
    for attempt in count():
        fields = {"webhook-id": message_id, "webhook-timestamp": str(int(time.time()))}
        content = ".".join(fields.values()).encode() + b"." + body
        digests = (b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
        fields["webhook-signature"] = " ".join(f"v1,{digest}" for digest in digests)
        fields["Content-Type"] = "application/json"
        try:
            with build_opener(NoRedirect).open(Request(url, body, fields), timeout=TIMEOUT_S):  # noqa: S310
                return
        except (OSError, HTTPException) as error:
            if getattr(error, "code", None) == 410:
                raise Refused("The receiver wants no more: it answers 410.") from error
            click.echo(f"Attempt {attempt + 1} of {message_id}: {error}", err=True)
            time.sleep(min(2**attempt, WAIT_MAX_S))
