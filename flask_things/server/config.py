"""The server: gunicorn's settings, each with its reason."""

import gc
import json
import logging
import os
from contextlib import suppress
from ctypes import CDLL
from functools import partial
from signal import SIG_BLOCK, SIG_UNBLOCK, SIGINT, SIGQUIT, SIGTERM, pthread_sigmask
from typing import Any

import gevent
from gevent import monkey
from gunicorn import util
from sqlalchemy.exc import SQLAlchemyError

from flask_things.config import BadSetting, settings
from flask_things.db.backend import Away
from flask_things.db.session import backend_of, db
from flask_things.db.sqlite.connections import log_sqlite_version
from flask_things.http import headers, problems
from flask_things.migrations import prepare
from flask_things.observability import metrics
from flask_things.observability.access_log import Logger
from flask_things.server import gauges, start
from flask_things.server.offload import THREADS, Threads

#: glibc's number for a setting of malloc (mallopt(3)), and what it is by default.
M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES = -3, 128 * 1024

# This must come before the application creates a lock and before psycopg chooses how to wait, so
# that waiting yields to the event loop. gunicorn patches the rest in each worker. gevent looks for
# locks that are held, as those of imports, among what the collector knows.
gc.unfreeze()
monkey.patch_thread()
monkey.patch_select()

# A log that cannot be written, as on a full disk, must not fail what is logged.
logging.raiseExceptions = False

_settings = settings(os.environ)
_is_sqlite = _settings["THINGS_DATABASE_URL"].get_backend_name() == "sqlite"

wsgi_app = "flask_things:create_app()"  # where none is named, as with a wheel
bind = f"{_settings['HOST']}:{_settings['PORT']}"
workers = _settings["WEB_CONCURRENCY"]
# gevent's, in which a slow client holds a few kilobytes and no thread; ours says for how long.
worker_class = "flask_things.server.worker.Worker"
keepalive = _settings["THINGS_KEEPALIVE_S"]
# Then there is another worker instead: what may leak of memory, goes. With jitter, one at a time.
max_requests, max_requests_jitter = 200_000, 100_000
# Where workers show that they live, in files without a name: a disk could be too busy for that.
_memory = "/dev/shm"  # noqa: S108
worker_tmp_dir = _memory if os.access(_memory, os.W_OK) else None
preload_app = True  # made once, before the fork: workers start at once and share its memory
accesslog = "-"
forwarded_allow_ips = ""  # network.py says which proxies are trusted
logger_class = Logger
sendfile = False  # it would not tell how many bytes it has sent
forwarder_headers = ""  # a request's SCRIPT_NAME must not move the API to another place
control_socket_disable = True  # nobody asked for a second door, and it wants a folder to write to


def on_starting(server: Any) -> None:
    """Make the database ready once, before there are workers."""
    start.check(server, _settings, os.environ)
    if _is_sqlite:
        log_sqlite_version(server.log)
    app = server.app.wsgi()
    start.log_database(server.log, app, is_new=prepare(app))
    with app.app_context():
        if why := backend_of(db.session).why_read_only():
            problems.warn_once(why)
    # gunicorn has no public hook for its error pages, which are HTML. A test sees if this one goes.
    util.write_error = partial(write_problem, server.log)
    return_large_blocks()
    gc.freeze()  # what is there now stays shared: a worker takes less memory, and ends at once


# A worker would miss a stop signal that arrives before its handlers are installed, and the shutdown
# would take `graceful_timeout`. So the signals are blocked from the fork until it is ready.
_stops = {SIGINT, SIGQUIT, SIGTERM}
os.register_at_fork(
    before=lambda: pthread_sigmask(SIG_BLOCK, _stops),
    after_in_parent=lambda: pthread_sigmask(SIG_UNBLOCK, _stops),
)


def return_large_blocks() -> None:
    """Let glibc return the memory of each large text or body to the system when it is freed.

    By default it does so only until the first is freed; later ones leave holes, in which the next
    do not fit. Other C libraries have no such setting, or no need of it.
    """
    with suppress(AttributeError):
        CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def when_ready(server: Any) -> None:
    """Open the port for metrics, once everything else is ready."""
    if place := start.metrics_place(_settings):
        try:
            server.log.metrics = metrics.Metrics(*place, server.cfg.worker_tmp_dir)
        except OSError as error:
            raise BadSetting(start.reason("THINGS_METRICS_PORT", *place, error)) from error
    start.log_access(server, _settings)


def pre_fork(server: Any, worker: Any) -> None:
    """Close what two processes would then both talk through, and say where the new one counts."""
    if server.log.metrics:
        worker.slot = server.log.metrics.take_slot()
    with server.app.wsgi().app_context():
        db.engine.dispose()


def post_worker_init(worker: Any) -> None:
    """Let the worker be stopped, and open the file that it serves, so that nobody else takes it."""
    pthread_sigmask(SIG_UNBLOCK, _stops)
    with worker.wsgi.app_context():
        if _is_sqlite:  # psycopg lets others go on while it waits for PostgreSQL
            backend_of(db.session).offload.call = Threads(THREADS)
        with suppress(SQLAlchemyError, Away):
            db.session.connection()
    if worker.log.metrics:
        worker.log.metrics.serve(partial(gauges.read, worker.wsgi, worker.cfg.workers))


def post_request(worker: Any, req: Any, environ: dict[str, Any], resp: Any) -> None:
    """Give the others a turn: a client that always has a next request would keep it."""
    gevent.idle(priority=2)  # that is, once the loop has looked who else there is


def worker_exit(server: Any, worker: Any) -> None:
    """Finish the scrapes that are being answered."""
    if worker.log.metrics:
        worker.log.metrics.stop()


def child_exit(server: Any, worker: Any) -> None:
    """Let another worker go on with what this one has counted."""
    if worker.log.metrics:
        worker.log.metrics.free_slot(worker.slot)


def on_exit(server: Any) -> None:
    """Tidy up, once no worker is left."""
    if server.log.metrics:
        server.log.metrics.remove()
    with server.app.wsgi().app_context():
        backend_of(db.session).leave()


def write_problem(log: Any, sock: Any, status: int, _reason: str, message: str) -> None:
    """Answer what gunicorn refuses before the application sees it, as the application would."""
    body = json.dumps(problems.document(status, message)).encode() + b"\n"
    fields = {
        "Connection": "close",
        "Content-Type": problems.MEDIA_TYPE,
        "Content-Length": len(body),
        **headers.common(),
    }
    log.refused(status, len(body), fields["X-Request-ID"])
    lines = [f"HTTP/1.1 {status} {problems.title(status)}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)
