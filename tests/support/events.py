"""Server-sent events, read as the standard says."""

import json
from http.client import HTTPConnection

from flask_things.transport.streams import NAME
from tests.support.server import wait_until

EVENTS = {"Accept": "text/event-stream"}


def wait_for_end(app):
    """Wait until nobody looks for news on behalf of streams, with a connection to the database."""
    wait_until(lambda: not app.extensions[NAME]._is_looking)


def parse(lines):
    """Yield each event of a stream, as a dict, and those without data that only set the id."""
    event = {}
    for line in lines:
        if not line:
            if event:
                yield event
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            event[name] = value.removeprefix(" ")


def received(response):
    """Yield the events of a response in this process."""
    yield from parse(
        line for chunk in response.response for line in chunk.decode().split("\n")[:-1]
    )


def changes(events, count):
    """Return the next changes of a stream, which has so many, as a page has them."""
    found = []
    while len(found) < count:
        event = next(events)
        if "data" in event:
            found.append(json.loads(event["data"]))
            assert found[-1]["change"] == event["event"]
    return found


class Following:
    """A connection to a server that follows a resource."""

    def __init__(self, port, path="/things/changes", timeout_s=20, **headers):
        self._connection = HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        try:
            self._connection.request("GET", path, headers={**EVENTS, **headers})
            self.response = self._connection.getresponse()
        except BaseException:
            self._connection.close()
            raise
        self.status, self.headers = self.response.status, self.response.headers
        self.events = parse(self.lines())

    def lines(self):
        """Yield each line until the stream ends, which it must not do in the middle of a chunk."""
        while line := self.response.readline():
            yield line.decode().removesuffix("\n")

    def close(self):
        """Go away."""
        self._connection.close()
        self.response.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
