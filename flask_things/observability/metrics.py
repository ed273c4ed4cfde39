"""What /metrics tells: counts and times of all workers together.

Each worker counts in files of its own (https://prometheus.github.io/client_python/multiprocess/),
and each can read them all: the workers share the port, so it is served as long as there is one.
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

#: The methods that are told apart: a client may send any word.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

#: The upper bounds of the histograms, in seconds.
BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

#: How many connections for scrapes a worker has at a time.
SCRAPES = 32

#: How long a client may take to send its request, and then to take the answer, in seconds.
CLIENT_TIMEOUT_S = 5

#: A gauge's name, description and value.
Reading = tuple[str, str, float]

#: The name in the environment of the Timeout that ends the connection.
TIMEOUT = "flask_things.timeout"


class Metrics:
    """All that is counted, and who serves it. Made before there are workers."""

    def __init__(self, host: str, port: int, folder: str | None) -> None:
        """Take the address, and the folder in which a new one is made for the files.

        Raises OSError if the port is taken.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self._server: WSGIServer | None = None
        self.folder = Path(mkdtemp(prefix="flask-things-", dir=folder))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self.folder)
        self._slot, self._taken = 0, set[int]()
        # By process id, which is the default, each worker would leave files behind when it ends.
        values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
            lambda: self._slot
        )
        self._requests = Counter(
            "things_http_requests_total",
            "Requests that were answered.",
            ["method", "route", "status"],
        )
        self._seconds = _histogram(
            "things_http_request_seconds",
            "From the header of a request to its answer's end.",
            ["route"],
        )
        self._database = _histogram(
            "things_database_seconds", "What a request has the database for."
        )
        self.streams = Gauge("things_streams", "Open streams of changes.", multiprocess_mode="sum")
        self._gate = _histogram("things_gate_wait_seconds", "The wait for a turn to write.")
        self._cache = {
            "hit": Counter("things_cache_hits_total", "Answers that were in memory."),
            "miss": Counter("things_cache_misses_total", "Answers that could have been there."),
        }

    def take_slot(self) -> int:
        """Return the number, from 1 on, by which the next worker's files are known."""
        self._slot = min({*range(1, len(self._taken) + 2)} - self._taken)
        self._taken.add(self._slot)
        return self._slot

    def free_slot(self, slot: int) -> None:
        """Let another worker go on in the files of one that has ended."""
        self._taken.discard(slot)

    def observe(
        self, environ: dict[str, Any], method: str | None, status: int, seconds: float
    ) -> None:
        """Count a request that was answered in these seconds."""
        route, spent = environ.get(ROUTE, ""), environ.get(SPENT, {})
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, status).inc()
        if STREAM in environ:  # it took as long as its client wanted
            return
        self._seconds.labels(route).observe(seconds)
        if "database" in spent:
            self._database.observe(spent["database"])
        if "gate" in spent:
            self._gate.observe(spent["gate"])
        if CACHE in environ:
            self._cache[environ[CACHE]].inc()

    def serve(self, read: Callable[[], Iterable[Reading]]) -> None:
        """Answer scrapes in a worker, with the gauges that `read` returns each time."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self.folder))  # type: ignore[no-untyped-call]
        registry.register(Gauges(read))
        listener = gevent.socket.socket(fileno=self._listener.detach())
        answer = _once(make_wsgi_app(registry))
        self._server = WSGIServer(listener, answer, log=None, handler_class=Scrape, spawn=SCRAPES)
        self._server.start()

    def stop(self) -> None:
        """Finish what is being answered, at the end of a worker."""
        if self._server:
            self._server.stop()

    def remove(self) -> None:
        """Remove the files, when there are no workers any more."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Gauges(Collector):
    """Gauges that are read at each scrape."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        """Take what reads those that can be read now."""
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Yield each of them."""
        for reading in self._read():
            yield GaugeMetricFamily(*reading)


def _histogram(name: str, description: str, labels: list[str] | None = None) -> Histogram:
    return Histogram(name, description, labels or [], buckets=BUCKETS_S)


class Scrape(WSGIHandler):
    """A connection, which is closed without a word when its client takes too long."""

    def handle(self) -> None:
        """Serve it to its end."""
        with Timeout(CLIENT_TIMEOUT_S, GreenletExit) as self._timeout:
            super().handle()

    def get_environ(self) -> dict[str, Any]:
        """Return the WSGI environment."""
        return {**super().get_environ(), TIMEOUT: self._timeout}


def _once(app: Any) -> Any:
    """Answer one request of a connection, and do not count the time that this takes."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        environ[TIMEOUT].cancel()
        body = app(
            environ,
            lambda status, fields: start_response(status, [*fields, ("Connection", "close")]),
        )
        environ[TIMEOUT].start()
        return body

    return answer
