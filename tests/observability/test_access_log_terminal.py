"""The access log on a terminal: readable lines, without successful health checks."""

import os
import re
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from flask_things.observability.access_log import Logger


def terminal_logger(monkeypatch):
    """Return a logger that writes to a terminal."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    config = Config()
    config.set("accesslog", "-")
    return Logger(config)


def log_request(logger, path, status):
    req = SimpleNamespace(method="GET", path=path, query="")
    resp = SimpleNamespace(headers_sent=True, status=status, sent=3, headers=[])
    logger.access(resp, req, {"PATH_INFO": path}, timedelta(milliseconds=1))


def test_on_a_terminal_all_lines_have_one_format(capsys, monkeypatch):
    logger = terminal_logger(monkeypatch)
    logger.refused(400, 95, "57f1a9bc")
    log_request(logger, "/things", "200 OK")
    logger.info("Database: %s", "x")
    begin = rf"\d\d:\d\d:\d\d \[{os.getpid()}\] INFO "
    lines = ["400 - - 0.0 ms 95 bytes 57f1a9bc", "200 GET /things 1.0 ms 3 bytes -", "Database: x"]
    written = "".join(capsys.readouterr()).splitlines()
    for line, expected in zip(written, lines, strict=True):
        assert re.fullmatch(begin + re.escape(expected), line)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_on_a_terminal_only_a_failed_health_check_is_logged(capsys, monkeypatch, path):
    logger = terminal_logger(monkeypatch)
    log_request(logger, path, "200 OK")
    assert capsys.readouterr().out == ""
    log_request(logger, path, "503 Service Unavailable")
    assert f"503 GET {path}" in capsys.readouterr().out


def test_a_higher_level_turns_the_lines_off(capsys, monkeypatch):
    logger = terminal_logger(monkeypatch)
    logger.access_log.setLevel("WARNING")
    log_request(logger, "/things", "200 OK")
    assert capsys.readouterr().out == ""
