"""gunicorn's gevent worker, which waits for clients only so long, and stops in good order."""

import os
import signal
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn import util
from gunicorn.http.errors import ConfigurationProblem
from gunicorn.workers.ggevent import GeventWorker
from werkzeug.exceptions import RequestTimeout

from flask_things.transport.connection import Connection
from flask_things.transport.streams import NAME, Streams

#: How often a worker shows that it lives, and looks whether it shall go on, in seconds.
HEARTBEAT_S = 0.5

#: How long a worker that stops waits for the header of a request, in seconds: the client may have
#: connected before anybody could know.
PATIENCE_S = 0.5

#: How long new connections may wait at a time while a worker is about to be replaced, and how often
#: it checks whether it is idle, in seconds.
PAUSE_S, STEP_S = 0.1, 0.01

#: Up to which share of its connections a worker keeps idle ones: then new ones need their places.
KEPT_SHARE = 0.9


class Worker(GeventWorker):
    """A worker whose connections are `Connection`s."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what gunicorn gives a worker, before the fork."""
        super().__init__(*args, **kwargs)
        self._connections: set[Connection] = set()
        self._told = Event()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse to start with TLS: a connection waits for what is on the network itself."""
        if cfg.is_ssl:
            raise SystemExit("TLS is not for this server: put a proxy before it.")

    def run(self) -> None:
        """Serve until told to stop, or until there shall be another worker instead."""
        pool = Pool(self.worker_connections)
        servers = [StreamServer(s, partial(self.handle, s), spawn=pool) for s in self.sockets]
        for server in servers:
            server.max_accept = 1  # so that all workers get their share
            server.start()
        while self.alive or not self._can_go(servers):
            self.notify()
            self._told.wait(HEARTBEAT_S)
        for server in servers:
            server.stop_accepting()
        gevent.sleep(0)  # who has been let in begins, which takes an open listener
        for server in servers:
            server.close()
        self._finish(pool)

    @property
    def _streams(self) -> Streams:
        return self.wsgi.extensions[NAME]  # type: ignore[no-any-return]

    def _can_go(self, servers: list[Any]) -> bool:
        """Tell whether this worker is idle, so that another can take its place.

        New connections wait until the quick requests are answered, also those of clients that have
        just been let in. While a request takes long they do not wait. Streams end first.
        """
        self._streams.end()
        if self._told.is_set():
            return True
        if any(one.is_answering and one.phase_s > PAUSE_S for one in self._connections):
            return False
        for server in servers:
            server.stop_accepting()
        end = monotonic() + PAUSE_S
        while not self._told.wait(STEP_S) and self._is_busy():
            if monotonic() > end:
                for server in servers:
                    server.start_accepting()
                return False
        return True

    def _is_busy(self) -> bool:
        return any(
            one.is_answering or (one.is_new and one.phase_s < PAUSE_S) for one in self._connections
        )

    def _finish(self, pool: Pool) -> None:
        """Answer the requests whose header has been read, for as long as the master waits."""
        if self._told.is_set():
            self._refuse([one for one in self._connections if not one.is_new])
            pool.join(PATIENCE_S)
        self._refuse(list(self._connections))
        while not pool.join(HEARTBEAT_S):
            self._streams.end()
            self.notify()

    def _refuse(self, connections: list[Connection]) -> None:
        for connection in connections:
            connection.refuse()

    def notify(self) -> None:
        """Show that the worker lives; without its master it stops."""
        self.tmp.notify()
        if self.log.metrics:
            self.log.metrics.streams.set(len(self._streams))
        if self.ppid != os.getppid():
            self._stop()

    def init_signals(self) -> None:
        """Leave to the master what a terminal sends to the workers, too: Ctrl-C and its end."""
        super().init_signals()
        for sent in (signal.SIGINT, signal.SIGHUP):
            signal.signal(sent, signal.SIG_IGN)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop, as a signal says."""
        self._stop()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once; a second SIGQUIT would only interrupt that, with a traceback."""
        signal.signal(sig, signal.SIG_IGN)
        gevent.spawn(self._streams.end)
        super().handle_quit(sig, frame)

    def _stop(self) -> None:
        self.alive = False
        self._told.set()

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Wait for a request no longer than a connection does by itself."""
        return nullcontext()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection to its end."""
        connection = Connection(client)
        self._connections.add(connection)
        if len(self._connections) > KEPT_SHARE * self.worker_connections:
            self._make_room()
        try:
            super().handle(listener, connection, addr)
        finally:
            self._connections.discard(connection)

    def _make_room(self) -> None:
        """Close the connection that has been idle for longest, if there is one."""
        idle = [one for one in self._connections if one.is_idle]
        if idle:
            max(idle, key=lambda one: one.phase_s).refuse()

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
        elif isinstance(exc, ConfigurationProblem):  # a path that is not below SCRIPT_NAME
            util.write_error(client, 404, "", "There is no such path.")
        else:
            super().handle_error(req, client, addr, exc)
