"""The port and files of /metrics: who can scrape, and that a server still stops."""

import contextlib
import socket

import pytest

from flask_things.observability.metrics import SCRAPES
from tests.support.metrics import scrape
from tests.support.server import CONFIG, free_port, python


@pytest.mark.sqlite
def test_the_files_go_with_the_server(watched, tmp_path):
    assert list(tmp_path.glob("metrics/flask-things-*/*.db"))
    assert watched.stop()[0] == 0
    assert list((tmp_path / "metrics").iterdir()) == []


@pytest.mark.sqlite
def test_a_server_that_is_scraped_still_stops_within_two_seconds(watched):
    """Prometheus keeps its connections open."""
    with socket.create_connection(("127.0.0.1", watched.metrics_port)) as kept:
        kept.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(20).startswith(b"HTTP/1.1 200")
        code, seconds = watched.stop()
    assert code == 0
    assert seconds < 2


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /metrics HTTP/1.1\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx",
    ],
    ids=["silent", "half", "answered", "body"],
)
@pytest.mark.sqlite
def test_idle_connections_do_not_block_scrapes(serve, tmp_path, sent):
    config = tmp_path / "short.conf.py"
    short = "from flask_things.observability import metrics\nmetrics.CLIENT_TIMEOUT_S = 0.5\n"
    config.write_text(CONFIG.read_text() + short)
    port = free_port()
    command = ("-m", "gunicorn", "--config", str(config))
    server = serve(*command, WEB_CONCURRENCY="1", THINGS_METRICS_PORT=str(port))
    server.metrics_port = port
    with contextlib.ExitStack() as stack:
        for _ in range(SCRAPES + 5):
            held = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            held.sendall(sent)
        assert scrape(server)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.sqlite
def test_the_public_port_has_no_metrics(watched):
    assert watched.request("GET", "/metrics")[0] == 404


@pytest.mark.sqlite
def test_other_machines_cannot_scrape(watched):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", watched.metrics_port))


@pytest.mark.sqlite
def test_another_address_can_be_set(serve):
    port = free_port()
    serve(THINGS_METRICS_HOST="127.0.0.2", THINGS_METRICS_PORT=str(port))
    socket.create_connection(("127.0.0.2", port)).close()


@pytest.mark.slow
@pytest.mark.sqlite
def test_a_port_in_use_stops_the_start_with_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = ("-m", "flask_things", "--worker-tmp-dir", str(tmp_path))
        start = python(tmp_path, *command, THINGS_METRICS_PORT=port, PORT=str(free_port()))
    assert start.returncode == 1
    [line] = [line for line in start.stderr.splitlines() if "[INFO]" not in line]
    assert line.startswith(f"THINGS_METRICS_PORT: {port} is in use")
    assert not list(tmp_path.iterdir())
