"""The real server, with things and notes, for every judge."""

import json
import os
from pathlib import Path

import pytest

from tests.support.server import JSON, Server
from tests.test_contributing import fork as fork  # a fixture

HERE = Path(__file__).parent


@pytest.fixture
def server(fork, tmp_path):
    """Return a server for a judge that writes."""
    yield from filled(fork, tmp_path)


@pytest.fixture(scope="session")
def shared(fork, tmp_path_factory):
    """Return a server for all judges that only read."""
    yield from filled(fork, tmp_path_factory.mktemp("shared"))


def filled(fork, folder):
    """Run a server with enough things and notes for a second page of each."""
    url = f"sqlite:///{folder}/db.sqlite3"
    server = Server(fork, {"THINGS_DATABASE_URL": url}, ("-m", "flask_things"), wait=True)
    things = [{"text": f"thing {n} äöü"} for n in range(120)]
    server.request("POST", "/things/bulk", things, JSON)
    notes = [{"title": f"note {n}", "thing_id": n} for n in range(1, 120)]
    server.request("POST", "/notes/bulk", notes, JSON)
    yield server
    server.stop()


@pytest.fixture
def openapi(shared, tmp_path):
    """Return a file with the OpenAPI document."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(shared.request("GET", "/openapi.json")[2]))
    return file


@pytest.fixture
def node():
    """Return the folder of node's tools."""
    tools = HERE / "node_modules" / ".bin"
    if not tools.exists() and "CI" not in os.environ:
        pytest.skip("the judges for node are not installed: make judge")
    return tools
