"""What the server logs: a line of JSON for each request, or of text where it goes to a terminal.

No secret that a client sends gets into it, nor into what gunicorn says of requests.
"""

import json
import os
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_plus

from gunicorn.glogging import Logger as GunicornLogger

from flask_things import cache

#: What the names of parameters have in them whose values nobody else is to know.
SECRET = re.compile("token|key|secret|pass", re.IGNORECASE)

#: What is read on a terminal.
TEXT = "{time} [{worker}] {status} {method} {path} {milliseconds} ms {bytes} bytes {request_id}"

#: Where gunicorn begins to quote what it refuses.
QUOTED = re.compile(r": b?['\"].*", re.DOTALL)

#: What gunicorn knows of a request that it refuses, until it answers.
_refused: ContextVar[tuple[Any, timedelta]] = ContextVar("_refused")


class Logger(GunicornLogger):
    """gunicorn's logger, but for what it writes of requests."""

    #: What counts them, if anything does.
    metrics: Any = None

    def setup(self, cfg: Any) -> None:
        """Set up what gunicorn has, and look where the lines go."""
        super().setup(cfg)
        self._is_read = cfg.accesslog == "-" and sys.stdout.isatty()

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
            "token": environ.get(cache.TOKEN),
            "worker": os.getpid(),
        }
        self.access_log.info(TEXT.format_map(line) if self._is_read else json.dumps(line))


def without_secrets(url: str) -> str:
    """Return a URL in which the values of parameters that hold secrets are replaced."""
    path, _, query = url.partition("?")
    return f"{path}?{'&'.join(map(_shown, query.split('&')))}" if query else path


def _shown(parameter: str) -> str:
    name = unquote_plus(parameter).partition("=")[0]
    return f"{quote(name)}=***" if SECRET.search(name) else parameter
