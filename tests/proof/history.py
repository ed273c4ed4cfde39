"""Histories: recorded operations of clients."""

import random
import time
from http.client import HTTPException
from math import inf
from typing import NamedTuple

from tests.support.server import JSON, Server, wait_until

#: The value of a deleted thing, which a DELETE writes.
GONE = "(deleted)"

#: The operations of a client with their percentages. A DELETE may find a deleted thing.
KINDS = {"POST": 12, "LIST": 10, "GET": 22, "PUT": 20, "change": 22, "DELETE": 14}

#: Most operations use this many of the newest things, so that clients collide.
HOT = 2

#: The possible lengths of texts. One in ten is longer than a database page.
LENGTHS = [1] * 9 + [9000]


class Operation(NamedTuple):
    """A request with its response, if there was one. Times are from time.monotonic()."""

    kind: str
    start: float
    end: float = inf
    status: int | None = None
    thing: int | None = None  # of the request's URL
    text: str = GONE  # to be written
    if_match: str | None = None
    key: str | None = None
    read: dict[int, str] = {}  # the texts in the response, by id
    etag: str | None = None  # of a single thing in the response
    limit: int = 20  # of a list of the newest things
    low: int = 1  # the list has everything from this id on


def request_of(op):
    """Return the method, path, body and header fields of an operation's request."""
    fields = {"If-Match": op.if_match, "Idempotency-Key": op.key}
    fields = JSON | {name: value for name, value in fields.items() if value}
    if op.kind == "LIST":
        return "GET", f"/things?sort=-id&limit={op.limit}", None, fields
    path = "/things" if op.thing is None else f"/things/{op.thing}"
    return op.kind, path, None if op.text == GONE else {"text": op.text}, fields


def answered(op, status, headers, answer):
    """Return an operation with its response."""
    op = op._replace(end=time.monotonic(), status=status)
    if status not in (200, 201):
        return op
    if op.kind != "LIST":
        return op._replace(read={answer["id"]: answer["text"]}, etag=headers["ETag"])
    read = {thing["id"]: thing["text"] for thing in answer}
    return op._replace(read=read, low=min(read) if "Link" in headers else 1)


class Recorder:
    """A client whose number determines its requests, and which records them."""

    request = Server.request

    def __init__(self, port, number):
        """Connect to the server's port. Every client needs a different number."""
        self.port = port
        self.number = number
        self.random = random.Random(number)  # noqa: S311
        self.history = []
        self.known = set()
        self.texts = 0

    def run_until(self, end):
        """Run operations one after the other, and return them."""
        while time.monotonic() < end:
            (kind,) = self.random.choices([*KINDS], KINDS.values())
            if kind == "POST" or not self.known:
                self.post()
            elif kind == "LIST":
                self.do("LIST")
            elif kind == "change":
                self.change(self.some_thing())
            else:
                text = self.new_text() if kind == "PUT" else GONE
                self.do(kind, self.some_thing(), text=text)
        return self.history

    def post(self):
        """Create a thing. With a key, retry until it succeeds, and sometimes once more."""
        text = self.new_text()
        key = self.random.choice([None, text.strip(".")])
        made = self.do("POST", text=text, key=key)
        while key and (made.status in (None, 503) or self.random.random() < 0.2):
            made = self.do("POST", text=text, key=key)

    def change(self, thing):
        """Write a thing if it is unchanged since it was read."""
        kind, etag = self.random.choice(["PUT", "PATCH"]), self.do("GET", thing).etag
        if etag:
            self.do(kind, thing, text=self.new_text(), if_match=etag)

    def some_thing(self):
        """Return the id of one of the newest things, or occasionally of any older one."""
        ids = sorted(self.known)
        return self.random.choice(ids if self.random.random() < 0.1 else ids[-HOT:])

    def new_text(self):
        """Return a text that no other client writes."""
        self.texts += 1
        return f"{self.number}-{self.texts}".ljust(self.random.choice(LENGTHS), ".")

    def do(self, kind, thing=None, **asked):
        """Send a request, record its result and return it."""
        done = Operation(kind, time.monotonic(), thing=thing, **asked)
        try:
            done = answered(done, *self.request(*request_of(done)))
        except (OSError, HTTPException):  # the server was killed
            wait_until(self.is_up)
        self.history.append(done)
        self.known |= done.read.keys()
        return done

    def is_up(self):
        """Return whether a server is ready."""
        try:
            return self.request("GET", "/readyz")[0] == 200
        except (OSError, HTTPException):
            return False


def record(port, number, end):
    """Run a client for some time, and return its operations."""
    return Recorder(port, number).run_until(end)
