"""`flask things follow`: sends changes as webhooks (https://www.standardwebhooks.com), in order.

After each delivery it stores its position. A webhook may be sent again after a crash, with the same
id.
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

#: The polling interval, the timeout of a delivery and the longest wait before a retry, in seconds.
POLL_S, TIMEOUT_S, WAIT_MAX_S = 0.5, 20, 300


class NoRedirect(HTTPRedirectHandler):
    """Treats a redirect as a failure, as the standard requires."""

    def redirect_request(self, *_: Any) -> None:
        """Follow no redirect."""


def add_command(group: Commands, resource: Resource) -> None:
    """Add the `follow` command of a resource to a group."""

    @group.command("follow", help=f"Send each change of {resource.words['many']} as a webhook.")
    @click.option("--post", "url", metavar="URL", required=True)
    @click.option("--position", "file", type=FILE, default=f"data/{resource.name}.position")
    def follow(url: str, file: Path) -> None:
        refuse_unprepared()
        if not url.startswith(("https://", "http://")):
            raise Refused("The URL must start with https:// or http://.")
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
    """Yield each event, or None at times without one, with the token of the position after it."""
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
    """Send a webhook until it is accepted. Raises Refused if the receiver responds with 410."""
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
                raise Refused("The receiver responded with 410 and wants no more.") from error
            click.echo(f"Attempt {attempt + 1} of {message_id}: {error}", err=True)
            time.sleep(min(2**attempt, WAIT_MAX_S))
