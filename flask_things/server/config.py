"""gunicorn's settings and hooks."""

import gc
import json
import logging
import os
from contextlib import suppress
from ctypes import CDLL
from functools import partial
from signal import SIG_BLOCK, SIG_UNBLOCK, SIGINT, SIGQUIT, SIGTERM, pthread_sigmask
from typing import Any

from gevent import monkey
from gunicorn import util
from sqlalchemy.exc import SQLAlchemyError

from flask_things.config import BadSetting, settings
from flask_things.db.backend import Unavailable
from flask_things.db.session import backend_of, db
from flask_things.db.sqlite.connections import log_sqlite_version
from flask_things.http import headers, problems
from flask_things.migrations import prepare
from flask_things.observability import metrics
from flask_things.observability.access_log import Logger
from flask_things.server import gauges, start
from flask_things.server.offload import THREADS, Threads
from flask_things.turns import let_others_run

#: glibc's number of a malloc setting (mallopt(3)), and its default.
M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES = -3, 128 * 1024

# This must run before the application creates a lock and before psycopg chooses how to wait, so
# that waiting yields to the event loop. gunicorn patches the rest in each worker. gevent finds
# existing locks, such as those of imports, through the garbage collector, so nothing may be frozen.
gc.unfreeze()
monkey.patch_thread()
monkey.patch_select()

# A log that cannot be written, as on a full disk, must not fail the request.
logging.raiseExceptions = False

_settings = settings(os.environ)
_is_sqlite = _settings["THINGS_DATABASE_URL"].get_backend_name() == "sqlite"

wsgi_app = "flask_things:create_app()"  # the default, as for a wheel
bind = f"{_settings['HOST']}:{_settings['PORT']}"
workers = _settings["WEB_CONCURRENCY"]
# A slow client takes a few kilobytes and no thread. Our subclass adds timeouts.
worker_class = "flask_things.server.worker.Worker"
keepalive = _settings["THINGS_KEEPALIVE_S"]
# Recycle workers to cap memory leaks. The jitter keeps them from restarting together.
max_requests, max_requests_jitter = 200_000, 100_000
# The heartbeat files. A busy disk could delay them.
_memory = "/dev/shm"  # noqa: S108
worker_tmp_dir = _memory if os.access(_memory, os.W_OK) else None
preload_app = True  # load the app before the fork: workers start at once and share memory
accesslog = "-"
forwarded_allow_ips = ""  # network.py decides which proxies are trusted
logger_class = Logger
sendfile = False  # it would not report how many bytes were sent
forwarder_headers = ""  # a request's SCRIPT_NAME must not change the prefix
control_socket_disable = True  # unused, and it needs a writable directory


def on_starting(server: Any) -> None:
    """Prepare the database once, before the workers start."""
    start.check(server, _settings, os.environ)
    if _is_sqlite:
        log_sqlite_version(server.log)
    app = server.app.wsgi()
    start.log_database(server.log, app, is_new=prepare(app))
    with app.app_context():
        if why := backend_of(db.session).why_read_only():
            problems.warn_once(why)
    # gunicorn has no public hook for its error pages, which are HTML. A test pins this private one.
    util.write_error = partial(write_problem, server.log)
    return_large_blocks()
    gc.freeze()  # keeps memory shared after the fork, and lets workers exit at once


# A worker would miss a stop signal that arrives before its handlers are installed, and the shutdown
# would take `graceful_timeout`. So these signals are blocked from the fork until the worker is
# ready.
_stops = {SIGINT, SIGQUIT, SIGTERM}
os.register_at_fork(
    before=lambda: pthread_sigmask(SIG_BLOCK, _stops),
    after_in_parent=lambda: pthread_sigmask(SIG_UNBLOCK, _stops),
)


def return_large_blocks() -> None:
    """Make glibc return the memory of each large text or body to the system when it is freed.

    By default it stops doing so after the first free. Later blocks leave holes that do not fit the
    next ones. Other C libraries do not have or need this setting.
    """
    with suppress(AttributeError):
        CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def when_ready(server: Any) -> None:
    """Open the metrics port after everything else is ready."""
    if place := start.metrics_place(_settings):
        try:
            server.log.metrics = metrics.Metrics(*place, server.cfg.worker_tmp_dir)
        except OSError as error:
            raise BadSetting(start.reason("THINGS_METRICS_PORT", *place, error)) from error
    start.log_access(server, _settings)


def pre_fork(server: Any, worker: Any) -> None:
    """Close connections that two processes would share, and assign the metrics slot."""
    if server.log.metrics:
        worker.slot = server.log.metrics.take_slot()
    with server.app.wsgi().app_context():
        db.engine.dispose()


def post_worker_init(worker: Any) -> None:
    """Unblock stop signals, and open the database file before another program can replace it."""
    pthread_sigmask(SIG_UNBLOCK, _stops)
    with worker.wsgi.app_context():
        if _is_sqlite:  # psycopg yields while it waits for PostgreSQL
            backend_of(db.session).offload.call = Threads(THREADS)
        with suppress(SQLAlchemyError, Unavailable):
            db.session.connection()
    if worker.log.metrics:
        worker.log.metrics.serve(partial(gauges.read, worker.wsgi, worker.cfg.workers))


def post_request(worker: Any, req: Any, environ: dict[str, Any], resp: Any) -> None:
    """Let other connections run, even if this client always has another request."""
    let_others_run()


def worker_exit(server: Any, worker: Any) -> None:
    """Finish the current scrapes."""
    if worker.log.metrics:
        worker.log.metrics.stop()


def child_exit(server: Any, worker: Any) -> None:
    """Free the metrics slot, so that a new worker continues the counts."""
    if worker.log.metrics:
        worker.log.metrics.free_slot(worker.slot)


def on_exit(server: Any) -> None:
    """Remove the metrics files, and close the database after the last worker."""
    if server.log.metrics:
        server.log.metrics.remove()
    with server.app.wsgi().app_context():
        backend_of(db.session).leave()


def write_problem(log: Any, sock: Any, status: int, _reason: str, message: str) -> None:
    """Send a problem document for a request that gunicorn itself rejects."""
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
