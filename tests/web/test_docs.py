"""Swagger UI as a person has it: in a real browser."""

import os
import shutil
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.security.test_prefix import below_api
from tests.support.proxies import needs, nginx

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.sqlite,  # the page does not know the database
    pytest.mark.skipif(
        not CHROMIUM and "CI" not in os.environ, reason="there is no chromium on this machine"
    ),
]

# Without these, Chromium itself asks its maker's hosts for things.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture
def auth():
    """Return what THINGS_AUTH is."""
    return "off"


@pytest.fixture
def way():
    """Return how the server is reached."""
    return "directly"


@pytest.fixture
def root(serve, auth, way):
    """Return the URL of a server, or of the path below which it is published."""
    if way == "nginx":
        server = serve(THINGS_AUTH=auth, THINGS_TRUSTED_PROXIES="127.0.0.1")
        with nginx(below_api("nginx", server)) as port:
            yield f"http://127.0.0.1:{port}/api"
    else:
        prefix = "/api" if way == "SCRIPT_NAME" else ""
        yield f"http://127.0.0.1:{serve(THINGS_AUTH=auth, SCRIPT_NAME=prefix).port}{prefix}"


@pytest.fixture(scope="module")
def browser():
    """Return a browser, each of whose pages has cookies and a cache of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_docs(browser, root):
    """Return a function that opens /docs in a window of a size, and notes what goes wrong."""
    with ExitStack() as pages:

        def open_docs(width, height):
            page = browser.new_page(viewport={"width": width, "height": height})
            pages.callback(page.close)
            page.foreign, page.errors = [], []
            page.on("request", lambda request: note(page.foreign, request.url))
            page.on("console", lambda message: page.errors.append(message.text))
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            page.goto(f"{root}/docs")
            expect(page.locator(".opblock")).to_have_count(18)
            return page

        def note(foreign, url):
            if not url.startswith(f"{root}/"):
                foreign.append(url)

        yield open_docs


def run(page, operation):
    """Open an operation, execute it as it stands, and return the status and the body."""
    block = page.locator(f"#operations-things-{operation}")
    block.locator(".opblock-summary-control").click()
    block.locator(".execute").click()
    response = block.locator(".live-responses-table .response")
    status = response.locator(".response-col_status").inner_text()
    return status.split()[0], response.locator(".highlight-code").first.inner_text()


def test_the_page_asks_nobody_else_and_has_no_error(open_docs):
    page = open_docs(1100, 900)
    run(page, "createThing")
    assert page.foreign == []
    assert page.errors == []


def test_try_it_out_creates_a_thing_and_lists_it(open_docs):
    page = open_docs(1100, 900)
    status, thing = run(page, "createThing")
    assert status == "201"
    assert '"text": "buy milk"' in thing
    status, things = run(page, "listThings")
    assert status == "200"
    assert '"text": "buy milk"' in things


@pytest.mark.parametrize("way", [pytest.param("nginx", marks=needs("nginx")), "SCRIPT_NAME"])
def test_try_it_out_works_below_a_path(open_docs, way):
    page = open_docs(1100, 900)
    assert run(page, "createThing")[0] == "201"
    assert run(page, "listThings")[0] == "200"
    assert (page.foreign, page.errors) == ([], [])


@pytest.mark.parametrize("auth", ["all"])
def test_authorize_lets_a_person_in(open_docs, runner):
    page = open_docs(1100, 900)
    assert run(page, "createThing")[0] == "401"
    token = runner.invoke(args=["tokens", "create", "person"]).stdout.strip()
    page.locator(".auth-wrapper .authorize").click()
    page.locator("#auth-bearer-value").fill(token)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()
    assert run(page, "listThings")[0] == "200"
    page.locator("#operations-things-createThing .execute").click()
    status = page.locator(
        "#operations-things-createThing .live-responses-table .response-col_status"
    )
    expect(status.last).to_contain_text("201")


def test_the_page_fits_a_phone(open_docs):
    page = open_docs(390, 844)
    run(page, "createThing")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
