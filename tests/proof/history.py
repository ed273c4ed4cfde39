"""What clients did and saw: an operation, and a client that records its own."""

import random
import time
from http.client import HTTPException
from math import inf
from typing import NamedTuple

from tests.support.server import JSON, Server, wait_until

#: What is read of a thing that is deleted, and what a DELETE writes.
GONE = "(deleted)"

#: What a client does, and how often in a hundred times; a DELETE may meet what is deleted.
KINDS = {"POST": 12, "LIST": 10, "GET": 22, "PUT": 20, "change": 22, "DELETE": 14}

#: How many things, the newest, get most of what is done; so clients meet at them.
HOT = 2

#: How many characters a text has: one in ten is longer than a page of a database.
LENGTHS = [1] * 9 + [9000]


class Operation(NamedTuple):
    """A request, and the answer to it if there was one; times are of time.monotonic()."""

    kind: str
    start: float
    end: float = inf
    status: int | None = None
    thing: int | None = None  # whose URL it was
    text: str = GONE  # what it was to write
    if_match: str | None = None
    key: str | None = None
    read: dict[int, str] = {}  # the texts that it was answered with, by id
    etag: str | None = None  # of the one thing that it was answered with
    limit: int = 20  # of a list of the newest
    low: int = 1  # it has every thing from this id on


def request_of(op):
    """Return the method, the path, the body and the header fields of an operation's request."""
    fields = {"If-Match": op.if_match, "Idempotency-Key": op.key}
    fields = JSON | {name: value for name, value in fields.items() if value}
    if op.kind == "LIST":
        return "GET", f"/things?sort=-id&limit={op.limit}", None, fields
    path = "/things" if op.thing is None else f"/things/{op.thing}"
    return op.kind, path, None if op.text == GONE else {"text": op.text}, fields


def answered(op, status, headers, answer):
    """Return an operation with its answer."""
    op = op._replace(end=time.monotonic(), status=status)
    if status not in (200, 201):
        return op
    if op.kind != "LIST":
        return op._replace(read={answer["id"]: answer["text"]}, etag=headers["ETag"])
    read = {thing["id"]: thing["text"] for thing in answer}
    return op._replace(read=read, low=min(read) if "Link" in headers else 1)


class Recorder:
    """A client whose number says what it does, and which records that."""

    request = Server.request

    def __init__(self, port, number):
        """Take the server's port, and a number that no other client has."""
        self.port = port
        self.number = number
        self.random = random.Random(number)  # noqa: S311
        self.history = []
        self.known = set()
        self.texts = 0

    def run_until(self, end):
        """Do one thing after the other; return what was done."""
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
        """Make a thing; with a key as often as needed, and sometimes once more."""
        text = self.new_text()
        key = self.random.choice([None, text.strip(".")])
        made = self.do("POST", text=text, key=key)
        while key and (made.status in (None, 503) or self.random.random() < 0.2):
            made = self.do("POST", text=text, key=key)

    def change(self, thing):
        """Write a thing if it is still as it was read."""
        kind, etag = self.random.choice(["PUT", "PATCH"]), self.do("GET", thing).etag
        if etag:
            self.do(kind, thing, text=self.new_text(), if_match=etag)

    def some_thing(self):
        """Return the id of one of the newest things, or now and then of any that ever was."""
        ids = sorted(self.known)
        return self.random.choice(ids if self.random.random() < 0.1 else ids[-HOT:])

    def new_text(self):
        """Return a text that nobody else writes."""
        self.texts += 1
        return f"{self.number}-{self.texts}".ljust(self.random.choice(LENGTHS), ".")

    def do(self, kind, thing=None, **asked):
        """Send a request, record what came of it and return that."""
        done = Operation(kind, time.monotonic(), thing=thing, **asked)
        try:
            done = answered(done, *self.request(*request_of(done)))
        except (OSError, HTTPException):  # it was killed
            wait_until(self.is_up)
        self.history.append(done)
        self.known |= done.read.keys()
        return done

    def is_up(self):
        """Tell whether there is a server that is ready."""
        try:
            return self.request("GET", "/readyz")[0] == 200
        except (OSError, HTTPException):
            return False


def record(port, number, end):
    """Be a client until a moment; return what it did."""
    return Recorder(port, number).run_until(end)
