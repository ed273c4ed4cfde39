"""Fixtures for tests of observability."""

import pytest

from tests.support.server import free_port, wait_until


@pytest.fixture
def watched(serve, tmp_path):
    """Return a server of four workers with metrics, and a folder for their files."""
    (tmp_path / "metrics").mkdir()
    command = ("-m", "flask_things", "--worker-tmp-dir", str(tmp_path / "metrics"))
    settings = {"WEB_CONCURRENCY": "4", "THINGS_METRICS_PORT": str(free_port())}
    server = serve(*command, **settings)
    server.metrics_port = int(settings["THINGS_METRICS_PORT"])
    wait_until(lambda: server.log.read_text().count("Booting worker") == 4)
    return server
