"""A server, and pages that are open in a browser."""

import pytest
from playwright.sync_api import expect

from tests.security.test_prefix import below_api
from tests.support.browser import chromium, watched
from tests.support.proxies import nginx
from tests.support.server import CONFIG

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is slow


@pytest.fixture
def auth():
    """Return what THINGS_AUTH is."""
    return "off"


@pytest.fixture
def way():
    """Return how the server is reached."""
    return "directly"


@pytest.fixture
def settings():
    """Return what else is set."""
    return {}


@pytest.fixture
def server(serve, auth, way, settings):
    """Return a server."""
    prefix = "/api" if way == "SCRIPT_NAME" else ""
    settings |= {"SCRIPT_NAME": prefix, "THINGS_TRUSTED_PROXIES": "127.0.0.1"}
    return serve(THINGS_AUTH=auth, **settings)


@pytest.fixture
def root(server, way):
    """Return the URL of the server, or of the path below which it is published."""
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
    """Return a function that opens the page, waits for it to be live, and notes what goes wrong."""
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
    """Return a server of every resource that tests have."""
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
