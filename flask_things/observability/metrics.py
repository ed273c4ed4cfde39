"""Prometheus metrics of all workers together, at /metrics.

Each worker writes its own files (https://prometheus.github.io/client_python/multiprocess/), and can
read those of all. The workers share the port, so it is served while at least one runs.
"""

import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import gevent.socket
from gevent import GreenletExit, Timeout
from gevent.pywsgi import WSGIHandler, WSGIServer
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app, values
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from flask_things.environ import CACHE, ROUTE, SPENT, STREAM

#: The methods with their own label. A client may send any word.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

#: The upper bounds of the histograms, in seconds.
BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

#: The most simultaneous scrapes per worker.
SCRAPES = 32

#: How long a client may take to send its request, and then to read the response, in seconds.
CLIENT_TIMEOUT_S = 5

#: A gauge's name, description and value.
Reading = tuple[str, str, float]

#: The environ key of the Timeout that ends the connection.
TIMEOUT = "flask_things.timeout"


class Metrics:
    """The metrics and their server, created before the workers."""

    def __init__(self, host: str, port: int, folder: str | None) -> None:
        """Open the port, and create a new directory for the files inside `folder`.

        Raises OSError if the port is in use.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self._server: WSGIServer | None = None
        self.folder = Path(mkdtemp(prefix="flask-things-", dir=folder))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self.folder)
        self._slot, self._taken = 0, set[int]()
        # By default the file names have process ids, so every worker would leave files behind.
        values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
            lambda: self._slot
        )
        self._requests = Counter(
            "things_http_requests_total",
            "Answered requests.",
            ["method", "route", "status"],
        )
        self._seconds = _histogram(
            "things_http_request_seconds",
            "Time from a request's header to the end of its response.",
            ["route"],
        )
        self._database = _histogram(
            "things_database_seconds", "Time that a request uses the database."
        )
        self.streams = Gauge("things_streams", "Open event streams.", multiprocess_mode="sum")
        self._gate = _histogram("things_gate_wait_seconds", "Wait of writes for the write lock.")
        self._cache = {
            "hit": Counter("things_cache_hits_total", "Responses from the cache."),
            "miss": Counter("things_cache_misses_total", "Responses to be cached."),
        }

    def take_slot(self) -> int:
        """Return the slot of the next worker, from 1 on. Its files are named after it."""
        self._slot = min({*range(1, len(self._taken) + 2)} - self._taken)
        self._taken.add(self._slot)
        return self._slot

    def free_slot(self, slot: int) -> None:
        """Free the slot of a worker that has ended, so that a new worker continues its files."""
        self._taken.discard(slot)

    def observe(
        self, environ: dict[str, Any], method: str | None, status: int, seconds: float
    ) -> None:
        """Count a request and its duration."""
        route, spent = environ.get(ROUTE, ""), environ.get(SPENT, {})
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, status).inc()
        if STREAM in environ:  # its duration depends on the client
            return
        self._seconds.labels(route).observe(seconds)
        if "database" in spent:
            self._database.observe(spent["database"])
        if "gate" in spent:
            self._gate.observe(spent["gate"])
        if CACHE in environ:
            self._cache[environ[CACHE]].inc()

    def serve(self, read: Callable[[], Iterable[Reading]]) -> None:
        """Serve scrapes in a worker, with the gauges that `read` returns each time."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self.folder))  # type: ignore[no-untyped-call]
        registry.register(Gauges(read))
        listener = gevent.socket.socket(fileno=self._listener.detach())
        answer = _once(make_wsgi_app(registry))
        self._server = WSGIServer(listener, answer, log=None, handler_class=Scrape, spawn=SCRAPES)
        self._server.start()

    def stop(self) -> None:
        """Finish the current scrapes at the end of a worker."""
        if self._server:
            self._server.stop()

    def remove(self) -> None:
        """Remove the files after the last worker has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Gauges(Collector):
    """Gauges that are read at each scrape."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        """Use a function that returns the gauges that can be read now."""
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        for reading in self._read():
            yield GaugeMetricFamily(*reading)


def _histogram(name: str, description: str, labels: list[str] | None = None) -> Histogram:
    return Histogram(name, description, labels or [], buckets=BUCKETS_S)


class Scrape(WSGIHandler):
    """A connection that is closed if its client is too slow."""

    def handle(self) -> None:
        """Handle the connection."""
        with Timeout(CLIENT_TIMEOUT_S, GreenletExit) as self._timeout:
            super().handle()

    def get_environ(self) -> dict[str, Any]:
        """Return the WSGI environ with the timeout."""
        return {**super().get_environ(), TIMEOUT: self._timeout}


def _once(app: Any) -> Any:
    """Serve one request per connection. The timeout is suspended while the application runs."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        environ[TIMEOUT].cancel()
        body = app(
            environ,
            lambda status, fields: start_response(status, [*fields, ("Connection", "close")]),
        )
        environ[TIMEOUT].start()
        return body

    return answer
