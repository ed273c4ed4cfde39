"""Copies of a service's things, kept by polling and by events through all outages."""

import json
import time
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread

from tests.support.events import Following
from tests.support.server import next_page, request


class Copy(Thread):
    """A copy that follows the service until it is stopped. `errors` are the unexpected ones."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.things, self.errors, self.breaks = port, {}, [], 0
        self.ended = Event()
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        """Start with an export, then follow."""
        place = self.until_answered(lambda: self.begin())
        while not self.ended.is_set():
            place = self.until_answered(lambda: self.go_on(place))  # noqa: B023

    def until_answered(self, call):
        """Return the result of a call, retried until a server answers it."""
        while not self.ended.is_set():
            with suppress(OSError, HTTPException, ValueError):
                if result := call():
                    return result
            self.breaks += 1
            time.sleep(0.05)
        return None

    def get(self, path):
        """Return the headers and body of a response, or nothing if there is none."""
        status, headers, body = request(self.port, "GET", path)
        if status not in (200, 503):
            self.errors.append((status, path, body))
        return (headers, body) if status == 200 else (None, None)

    def begin(self):
        """Take a position, then an export, and return the position."""
        headers, _ = self.get("/things/changes")
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("GET", "/things.ndjson")
            exported = connection.getresponse()
            lines = exported.read().splitlines() if exported.status == 200 else None
        if headers is None or lines is None:
            return None
        self.things = {one["id"]: one for one in map(json.loads, lines)}
        return next_page(headers)

    def apply(self, change):
        """Apply one change."""
        if change["thing"]:
            self.things[change["id"]] = change["thing"]
        else:
            self.things.pop(change["id"], None)

    def go_on(self, place):
        """Apply the changes after a position. Return the next position, or nothing."""
        raise NotImplementedError


class PolledCopy(Copy):
    """A copy that follows pages."""

    def go_on(self, place):
        """Apply a page."""
        headers, changes = self.get(place)
        if not headers:
            return None
        for change in changes:
            self.apply(change)
        if not changes:
            time.sleep(0.05)
        return next_page(headers)


class EventCopy(Copy):
    """A copy that follows events. Its position is the id of the last one."""

    def go_on(self, place):
        """Apply events until the stream breaks, and return the position."""
        is_url = place.startswith("/")
        path, sent = (place, {}) if is_url else ("/things/changes", {"Last-Event-ID": place})
        with Following(self.port, path, timeout_s=1, **sent) as following:
            if following.status != 200:
                self.errors += [following.status] if following.status != 503 else []
                return None
            with suppress(OSError, HTTPException):
                for event in following.events:
                    if "data" in event:
                        self.apply(json.loads(event["data"]))
                    place = event["id"]
                    if self.ended.is_set():
                        break
        return place
