"""gunicorn's gevent worker with connection timeouts and an orderly shutdown."""

import os
import signal
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gunicorn import util
from gunicorn.http.errors import ConfigurationProblem
from gunicorn.workers.ggevent import GeventWorker
from werkzeug.exceptions import RequestTimeout

from flask_things.server.listener import Listener
from flask_things.transport.connection import Connection
from flask_things.transport.streams import NAME, Streams

#: How often a worker sends its heartbeat and checks whether to stop, in seconds.
HEARTBEAT_S = 0.5

#: How long a stopping worker waits for the header of a request, in seconds. The client may have
#: connected before the stop.
HEADER_WAIT_S = 0.5

#: How long new connections may wait while a worker is about to be replaced, and how often it checks
#: whether it is idle, in seconds.
PAUSE_S, STEP_S = 0.1, 0.01

#: The share of connections up to which a worker keeps idle ones. Beyond it, new ones need their
#: slots.
IDLE_SHARE = 0.9


class Worker(GeventWorker):
    """A worker that wraps its sockets in `Connection`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections: set[Connection] = set()
        self._stop_requested = Event()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse to start with TLS, because a connection's timeouts need the bare socket."""
        if cfg.is_ssl:
            raise SystemExit("TLS is not supported. Put a proxy in front of the server.")

    def run(self) -> None:
        """Serve until asked to stop or to be replaced."""
        pool = Pool(self.worker_connections)
        servers = [
            Listener(one, partial(self.handle, one), pool, self._count_short_requests)
            for one in self.sockets
        ]
        for server in servers:
            server.start()
        while self.alive or not self._can_stop(servers):
            self.notify()
            self._stop_requested.wait(HEARTBEAT_S)
        for server in servers:
            server.stop_accepting()
        gevent.sleep(0)  # accepted connections start now, which needs an open listener
        for server in servers:
            server.close()
        self._finish(pool)

    @property
    def _streams(self) -> Streams:
        return self.wsgi.extensions[NAME]  # type: ignore[no-any-return]

    def _count_short_requests(self) -> int:
        """Return how many requests are being answered, without streams."""
        return max(sum(one.is_answering for one in self._connections) - len(self._streams), 0)

    def _can_stop(self, servers: list[Any]) -> bool:
        """Return whether this worker is idle, so that another can replace it.

        New connections wait until short requests are answered, also those of clients that have just
        connected. They do not wait while a long request runs. Streams end first.
        """
        self._streams.end()
        if self._stop_requested.is_set():
            return True
        if any(one.is_answering and one.phase_s > PAUSE_S for one in self._connections):
            return False
        for server in servers:
            server.stop_accepting()
        end = monotonic() + PAUSE_S
        while not self._stop_requested.wait(STEP_S) and self._is_busy():
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
        """Answer the requests whose header has been read, until the master's timeout."""
        if self._stop_requested.is_set():
            self._refuse([one for one in self._connections if not one.is_new])
            pool.join(HEADER_WAIT_S)
        self._refuse(list(self._connections))
        while not pool.join(HEARTBEAT_S):
            self._streams.end()
            self.notify()

    def _refuse(self, connections: list[Connection]) -> None:
        for connection in connections:
            connection.refuse()

    def notify(self) -> None:
        """Send the heartbeat, and stop if the master is gone."""
        self.tmp.notify()
        if self.log.metrics:
            self.log.metrics.streams.set(len(self._streams))
        if self.ppid != os.getppid():
            self._stop()

    def init_signals(self) -> None:
        """Ignore SIGINT and SIGHUP. A terminal sends them to all processes; the master reacts."""
        super().init_signals()
        for sent in (signal.SIGINT, signal.SIGHUP):
            signal.signal(sent, signal.SIG_IGN)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop on a signal."""
        self._stop()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once. A second SIGQUIT would only interrupt this with a traceback."""
        signal.signal(sig, signal.SIG_IGN)
        gevent.spawn(self._streams.end)
        super().handle_quit(sig, frame)

    def _stop(self) -> None:
        self.alive = False
        self._stop_requested.set()

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Return no timeout, because `Connection` has its own."""
        return nullcontext()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection until it closes."""
        connection = Connection(client)
        self._connections.add(connection)
        if len(self._connections) > IDLE_SHARE * self.worker_connections:
            self._make_room()
        try:
            super().handle(listener, connection, addr)
        finally:
            self._connections.discard(connection)

    def _make_room(self) -> None:
        """Close the connection that has been idle longest, if there is one."""
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
        """Answer an invalid request. The client may still be sending it."""
        client.must_linger = True
        if isinstance(exc, RequestTimeout):
            util.write_error(client, exc.code, "", exc.description)
        elif isinstance(exc, ConfigurationProblem):  # a path outside SCRIPT_NAME
            util.write_error(client, 404, "", "No such path exists.")
        else:
            super().handle_error(req, client, addr, exc)
