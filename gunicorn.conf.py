"""The server: gunicorn's settings, each with its reason."""

import os

from flask_things import create_app
from flask_things.config import settings
from flask_things.db import log_sqlite_version
from flask_things.migrations import prepare

_settings = settings(os.environ)

wsgi_app = "flask_things:create_app()"  # where no application is named, as with a wheel
bind = f"{_settings['HOST']}:{_settings['PORT']}"
workers = _settings["WEB_CONCURRENCY"]
worker_class = "gthread"  # a slow client holds a thread, not a worker
threads = 4
accesslog = "-"
control_socket_disable = True  # nobody asked for a second door, and it wants a writable folder


def on_starting(server):
    """Make the database ready once, before there are workers."""
    log_sqlite_version(server.log)
    prepare(create_app())
