"""The server's log: one line of JSON per request, or a text format on a terminal.

Secrets that clients send never get into it, nor into gunicorn's messages about requests.
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

#: Matches names of parameters whose values are secret.
SECRET = re.compile("token|key|secret|pass", re.IGNORECASE)

#: The format of log lines on a terminal, and of a request's line.
TERMINAL = logging.Formatter("%(asctime)s [%(process)d] %(levelname)s %(message)s", "%H:%M:%S")
REQUEST = "{status} {method} {path} {milliseconds} ms {bytes} bytes {request_id}"

#: Probes arrive every few seconds and would flood a terminal.
HEALTH = ("/healthz", "/readyz")

#: Where gunicorn's message quotes the request that it rejects.
QUOTED = re.compile(r": b?['\"].*", re.DOTALL)

#: A request that gunicorn rejects, until it responds.
_refused: ContextVar[tuple[Any, timedelta]] = ContextVar("_refused")


class Logger(GunicornLogger):
    """gunicorn's logger with its own access log."""

    #: Counts the requests, if metrics are enabled.
    metrics: Any = None

    def setup(self, cfg: Any) -> None:
        """Choose the format: text for a terminal, otherwise JSON for requests."""
        super().setup(cfg)
        self._is_terminal = cfg.accesslog == "-" and sys.stdout.isatty()
        terminals = [self.access_log] if self._is_terminal else []
        if cfg.errorlog == "-" and sys.stderr.isatty():
            terminals.append(self.error_log)
        for handler in (handler for log in terminals for handler in log.handlers):
            handler.setFormatter(TERMINAL)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a warning. One about a request must not quote it: any part could be secret."""
        is_of_request = msg.startswith("Invalid request")
        super().warning(QUOTED.sub("", msg) if is_of_request else msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a traceback. The message may contain the URL of a request."""
        shown = [without_secrets(arg) if isinstance(arg, str) else arg for arg in args]
        super().exception(msg, *shown, **kwargs)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Log a request that the application answered. See `refused` for the others."""
        if "PATH_INFO" not in environ:
            _refused.set((req, request_time))
        elif resp.headers_sent or isinstance(sys.exception(), OSError):
            ids = (value for name, value in resp.headers if name == "X-Request-ID")
            self._note(req, environ, request_time, int(resp.status[:3]), resp.sent, next(ids, None))

    def refused(self, status: int, size: int, request_id: str) -> None:
        """Log a request that gunicorn rejected. Even its method may be unknown."""
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
            "time": datetime.now(UTC).isoformat(timespec="microseconds")[:26] + "Z",
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
        if not self._is_terminal:
            self._log(json.dumps(line))
        elif not (status < 400 and line["path"] in HEALTH):
            shown = {name: "-" if value is None else value for name, value in line.items()}
            self._log(REQUEST.format_map(shown))

    def _log(self, line: str) -> None:
        """Log a line as `info` does, but without a search for the caller's file and line."""
        log = self.access_log
        if log.isEnabledFor(logging.INFO):
            log.handle(log.makeRecord(log.name, logging.INFO, "", 0, line, (), None))


def without_secrets(url: str) -> str:
    """Return a URL with the values of secret parameters masked."""
    path, _, query = url.partition("?")
    return f"{path}?{'&'.join(map(_shown, query.split('&')))}" if query else path


def _shown(parameter: str) -> str:
    name = unquote_plus(parameter).partition("=")[0]
    return f"{quote(name)}=***" if SECRET.search(name) else parameter
