"""gunicorn's gevent worker, which waits for clients only so long."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from gunicorn import util
from gunicorn.workers.ggevent import GeventWorker
from werkzeug.exceptions import RequestTimeout

from flask_things.connection import Connection


class Worker(GeventWorker):
    """A worker whose connections are `Connection`s."""

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Wait for a request no longer than a connection does by itself."""
        return nullcontext()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection to its end."""
        super().handle(listener, Connection(client), addr)

    def handle_request(self, listener_name: Any, req: Any, sock: Connection, addr: Any) -> None:
        """Answer a request."""
        sock.begin(req)
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            sock.end(self.cfg.keepalive)

    def handle_error(self, req: Any, client: Connection, addr: Any, exc: BaseException) -> None:
        """Answer what is no request; the client may be in the middle of it."""
        client.must_linger = True
        if isinstance(exc, RequestTimeout):
            util.write_error(client, exc.code, "", exc.description)
        else:
            super().handle_error(req, client, addr, exc)
