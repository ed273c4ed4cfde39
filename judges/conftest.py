"""The real server, for every judge."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import serve as serve  # a fixture
from tests.support.server import JSON

HERE = Path(__file__).parent


@pytest.fixture
def environ():
    """Return the settings of the server: none."""
    return {}


@pytest.fixture
def server(serve):
    """Return a server with some things, enough for a second page."""
    server = serve()
    things = [{"text": f"thing {n} äöü"} for n in range(120)]
    server.request("POST", "/things/bulk", things, JSON)
    return server


@pytest.fixture
def openapi(server, tmp_path):
    """Return a file with the OpenAPI document."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(server.request("GET", "/openapi.json")[2]))
    return file


@pytest.fixture
def node():
    """Return where node's tools are."""
    tools = HERE / "node_modules" / ".bin"
    if not tools.exists() and "CI" not in os.environ:
        pytest.skip("the judges for node are not installed: make judge")
    return tools
