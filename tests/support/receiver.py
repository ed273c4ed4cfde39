"""A receiver of webhooks that fails on demand."""

import json
import threading
from base64 import b64decode, b64encode
from contextlib import contextmanager
from hashlib import sha256
from hmac import HMAC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

SECRET = "whsec_plJ3nmyCDGBKInavdOK15jslplJ3nmyC"  # noqa: S105


class Webhook(NamedTuple):
    """A received webhook, with the status of its response, or 0 for none."""

    status: int
    headers: dict
    data: bytes

    @property
    def body(self):
        """Return the decoded body."""
        return json.loads(self.data)

    def is_signed(self, secret=SECRET):
        """Return whether one of its signatures is valid for the secret."""
        sent = self.headers
        content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + self.data
        digest = HMAC(b64decode(secret.removeprefix("whsec_")), content, sha256).digest()
        return f"v1,{b64encode(digest).decode()}" in sent["webhook-signature"].split()


class Receiver(ThreadingHTTPServer):
    """Responds with the given statuses in order, and then always with the last one."""

    def __init__(self, *statuses):
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.received = list(statuses), []
        self.url = f"http://127.0.0.1:{self.server_port}/hook?key=1"

    @property
    def accepted(self):
        """Return the accepted webhooks."""
        return [webhook for webhook in self.received if webhook.status == 204]


class Handler(BaseHTTPRequestHandler):
    """Handles one request per connection."""

    def do_POST(self):
        """Respond to a webhook."""
        statuses = self.server.statuses
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(Webhook(status, self.headers, data))
        if status and self.path == "/hook?key=1":
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
        self.close_connection = True

    def do_GET(self):
        """Accept the request of a client that follows a redirect."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Log nothing."""


@contextmanager
def receiving(*statuses):
    """Yield a running receiver."""
    with Receiver(*statuses) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
