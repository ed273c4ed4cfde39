"""Swagger UI as a person has it: in a real browser."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium, watched
from tests.support.proxies import needs

pytestmark = [needs_chromium, pytest.mark.sqlite]  # the page does not know the database


@pytest.fixture
def open_docs(browser, root):
    """Return a function that opens /docs in a window of a size, and notes what goes wrong."""
    with ExitStack() as pages:

        def open_docs(width, height):
            page = browser.new_page(viewport={"width": width, "height": height})
            pages.callback(page.close)
            watched(page, root).goto(f"{root}/docs")
            expect(page.locator(".opblock")).to_have_count(18)
            return page

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
