"""A server, and pages in a browser."""

import shutil
from contextlib import closing

import pytest
from playwright.sync_api import expect

from flask_things.db.sqlite.file import sqlite3
from tests.security.test_prefix import below_api
from tests.support.browser import chromium, watched
from tests.support.proxies import nginx
from tests.support.server import CONFIG, Server

expect.set_options(timeout=20_000)  # milliseconds, for busy machines


@pytest.fixture
def auth():
    """Return the value of THINGS_AUTH."""
    return "off"


@pytest.fixture
def way():
    """Return how the browser reaches the server."""
    return "directly"


@pytest.fixture
def settings():
    """Return additional settings."""
    return {}


@pytest.fixture
def is_shared(auth, way, settings):
    """Return whether tests can share a server, because starting one takes longer than a test."""
    return (auth, way, settings) == ("off", "directly", {})


@pytest.fixture
def server(request, serve, auth, way, settings, is_shared):
    """Return a server without things."""
    if is_shared:
        shared = request.getfixturevalue("shared")
        empty(shared.file)
        return shared
    prefix = "/api" if way == "SCRIPT_NAME" else ""
    settings |= {"SCRIPT_NAME": prefix, "THINGS_TRUSTED_PROXIES": "127.0.0.1"}
    return serve(THINGS_AUTH=auth, **settings)


@pytest.fixture(scope="session")
def shared(template, tmp_path_factory):
    """Return a server for all tests that neither configure nor stop it."""
    folder = tmp_path_factory.mktemp("web")
    file = folder / "db.sqlite3"
    shutil.copy(template, file)
    environ = {"THINGS_DATABASE_URL": f"sqlite:///{file}"}
    server = Server(folder, environ, ("-m", "flask_things"), wait=True)
    server.file = file
    yield server
    server.stop()


def empty(file):
    """Remove all things and their history. The next id is 1."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM thing")
        connection.execute("DELETE FROM journal WHERE table_name = 'thing'")
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'thing'")


@pytest.fixture
def root(server, way):
    """Return the URL of the server, or of its prefix."""
    if way == "nginx":
        with nginx(below_api("nginx", server)) as port:
            yield f"http://127.0.0.1:{port}/api"
    else:
        yield f"http://127.0.0.1:{server.port}{server.prefix}"


@pytest.fixture(scope="session")
def browser():
    """Return a browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser, root):
    """Return a function that opens the page, waits until it is live, and records errors."""
    pages = []

    def open_page(query="", *, wait="Live", **options):
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **options})
        page = watched(context.new_page(), root)
        page.goto(f"{root}/{query}")
        if wait:
            expect(page.get_by_text(wait, exact=True)).to_be_visible()
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
        assert page.foreign == []


@pytest.fixture
def fork(serve, tmp_path):
    """Return a server of all test resources."""
    (tmp_path / "data").mkdir(exist_ok=True)
    command = ("-m", "gunicorn", "--config", str(CONFIG), "--pythonpath", str(CONFIG.parent))
    return serve(*command, "tests.support.fork:app()", WEB_CONCURRENCY="1")


@pytest.fixture
def store(server):
    """Return a function that stores texts and returns the things."""

    def store(*texts):
        return server.request("POST", f"{server.prefix}/things/bulk", [{"text": t} for t in texts])[
            2
        ]

    return store
