"""The server's log: a line of JSON for each request; on a terminal, one text format for all lines.

No secret that a client sends gets into it, nor into what gunicorn logs of requests.
"""

import json
import logging
import os
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_plus

from gunicorn.glogging import Logger as GunicornLogger

from flask_things.environ import TOKEN_NAME

#: What the names of parameters have in them whose values nobody else is to know.
SECRET = re.compile("token|key|secret|pass", re.IGNORECASE)

#: The format of every line on a terminal, and what it says of a request.
TERMINAL = logging.Formatter("%(asctime)s [%(process)d] %(levelname)s %(message)s", "%H:%M:%S")
REQUEST = "{status} {method} {path} {milliseconds} ms {bytes} bytes {request_id}"

#: What a supervisor asks every few seconds: on a terminal it would push everything else away.
HEALTH = ("/healthz", "/readyz")

#: Where gunicorn begins to quote what it refuses.
QUOTED = re.compile(r": b?['\"].*", re.DOTALL)

#: What gunicorn knows of a request that it refuses, until it answers.
_refused: ContextVar[tuple[Any, timedelta]] = ContextVar("_refused")


class Logger(GunicornLogger):
    """gunicorn's logger, but for what it writes of requests."""

    #: What counts them, if anything does.
    metrics: Any = None

    def setup(self, cfg: Any) -> None:
        """Choose the format: text for a terminal, or else JSON for requests."""
        super().setup(cfg)
        self._is_read = cfg.accesslog == "-" and sys.stdout.isatty()
        read = [self.access_log] if self._is_read else []
        if cfg.errorlog == "-" and sys.stderr.isatty():
            read.append(self.error_log)
        for handler in (handler for log in read for handler in log.handlers):
            handler.setFormatter(TERMINAL)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Warn, of a request without a word of it: any could be a secret."""
        is_of_request = msg.startswith("Invalid request")
        super().warning(QUOTED.sub("", msg) if is_of_request else msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a traceback; what is said with it may be the URL of a request."""
        shown = [without_secrets(arg) if isinstance(arg, str) else arg for arg in args]
        super().exception(msg, *shown, **kwargs)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Note a request that has been answered. Of one that gunicorn refuses, `refused` hears."""
        if "PATH_INFO" not in environ:
            _refused.set((req, request_time))
        elif resp.headers_sent or isinstance(sys.exception(), OSError):
            ids = (value for name, value in resp.headers if name == "X-Request-ID")
            self._note(req, environ, request_time, int(resp.status[:3]), resp.sent, next(ids, None))

    def refused(self, status: int, size: int, request_id: str) -> None:
        """Note a request that gunicorn answers itself, of which it may not even know the method."""
        req, request_time = _refused.get((None, timedelta()))
        self._note(req, {}, request_time, status, size, request_id)

    def _note(
        self,
        req: Any,
        environ: dict[str, Any],
        request_time: timedelta,
        status: int,
        size: int,
        request_id: str | None,
    ) -> None:
        seconds = request_time.total_seconds()
        if self.metrics:
            self.metrics.observe(environ, req and req.method, status, seconds)
        if not self.access_log_enabled:
            return
        line = {
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "request_id": request_id,
            "method": req and req.method,
            "path": req and without_secrets(f"{req.path}?{req.query}"),
            "status": status,
            "milliseconds": round(seconds * 1000, 3),
            "bytes": size,
            "client": environ.get("REMOTE_ADDR"),
            "token": environ.get(TOKEN_NAME),
            "worker": os.getpid(),
        }
        if not self._is_read:
            self.access_log.info(json.dumps(line))
        elif not (status < 400 and line["path"] in HEALTH):
            shown = {name: "-" if value is None else value for name, value in line.items()}
            self.access_log.info(REQUEST.format_map(shown))


def without_secrets(url: str) -> str:
    """Return a URL in which the values of parameters that hold secrets are replaced."""
    path, _, query = url.partition("?")
    return f"{path}?{'&'.join(map(_shown, query.split('&')))}" if query else path


def _shown(parameter: str) -> str:
    name = unquote_plus(parameter).partition("=")[0]
    return f"{quote(name)}=***" if SECRET.search(name) else parameter
