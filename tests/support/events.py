"""Server-sent events, parsed as the standard defines."""

import json
from http.client import HTTPConnection

from flask_things.transport.streams import NAME
from tests.support.server import wait_until

EVENTS = {"Accept": "text/event-stream"}


def wait_for_end(app):
    """Wait until no thread polls for streams with a database connection."""
    wait_until(lambda: not app.extensions[NAME]._is_polling)


def parse(lines):
    """Yield each event of a stream as a dict, including those that only set the id."""
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
    """Return the next changes of a stream as in a page."""
    found = []
    while len(found) < count:
        event = next(events)
        if "data" in event:
            found.append(json.loads(event["data"]))
            assert found[-1]["change"] == event["event"]
    return found


class Following:
    """A connection that follows a resource."""

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
        """Yield each line until the stream ends, which must not happen inside a chunk."""
        while line := self.response.readline():
            yield line.decode().removesuffix("\n")

    def close(self):
        """Disconnect."""
        self._connection.close()
        self.response.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
