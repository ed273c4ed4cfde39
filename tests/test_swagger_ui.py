"""Swagger UI as a person has it: in a real browser."""

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = shutil.which("chromium")

pytestmark = pytest.mark.skipif(
    not CHROMIUM and "CI" not in os.environ, reason="there is no chromium on this machine"
)

# Without these, Chromium itself asks its maker's hosts for things.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture
def auth():
    """Return what THINGS_AUTH is."""
    return "off"


@pytest.fixture
def open_docs(serve, auth):
    """Return a function that opens /docs in a window of a size, and notes what goes wrong."""
    server = serve(THINGS_AUTH=auth)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)

        def open_docs(width, height):
            page = browser.new_page(viewport={"width": width, "height": height})
            page.foreign, page.errors = [], []
            page.on("request", lambda request: note(page.foreign, request.url))
            page.on("console", lambda message: page.errors.append(message.text))
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            page.goto(f"http://127.0.0.1:{server.port}/docs")
            expect(page.locator(".opblock")).to_have_count(11)
            return page

        def note(foreign, url):
            if not url.startswith(f"http://127.0.0.1:{server.port}/"):
                foreign.append(url)

        yield open_docs
        browser.close()


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
