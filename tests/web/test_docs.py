"""Swagger UI in a real browser."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium, watched
from tests.support.proxies import needs

pytestmark = [needs_chromium, pytest.mark.sqlite]  # the page does not depend on the database


@pytest.fixture
def open_docs(browser, root):
    """Return a function that opens /docs in a window of some size, and records errors."""
    with ExitStack() as pages:

        def open_docs(width, height):
            page = browser.new_page(viewport={"width": width, "height": height})
            pages.callback(page.close)
            watched(page, root).goto(f"{root}/docs")
            expect(page.locator(".opblock")).to_have_count(18)
            return page

        yield open_docs


@pytest.fixture(scope="module")
def docs(shared, browser):
    """Return the page for all tests that only look at it."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto(f"http://127.0.0.1:{shared.port}/docs")
    expect(page.locator(".opblock")).to_have_count(18)
    yield page
    page.close()


def opened(page, operation):
    """Open an operation and return its block."""
    block = page.locator(f"#operations-things-{operation}")
    block.locator(".opblock-summary-control").click()
    expect(block.locator(".response").last).to_be_visible()
    return block


def run(page, operation):
    """Open an operation, execute it unchanged, and return the status and the body."""
    block = page.locator(f"#operations-things-{operation}")
    block.locator(".opblock-summary-control").click()
    block.locator(".execute").click()
    response = block.locator(".live-responses-table .response")
    status = response.locator(".response-col_status").inner_text()
    return status.split()[0], response.locator(".highlight-code").first.inner_text()


def test_the_page_requests_no_other_host_and_has_no_error(open_docs):
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
    expect(page.locator(".auth-container")).to_contain_text("flask tokens create NAME")
    page.locator("#auth-bearer-value").fill(token)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()
    assert run(page, "listThings")[0] == "200"
    page.locator("#operations-things-createThing .execute").click()
    status = page.locator(
        "#operations-things-createThing .live-responses-table .response-col_status"
    )
    expect(status.last).to_contain_text("201")


def test_the_page_follows_the_dark_preference(docs):
    page = docs.locator("html")
    for scheme, color in [("dark", "rgb(28, 32, 34)"), ("light", "rgba(0, 0, 0, 0)")]:
        docs.emulate_media(color_scheme=scheme)  # also while the page is open
        expect(page).to_have_css("background-color", color)


def test_headers_and_errors_are_folded(docs):
    block = opened(docs, "listThings")
    assert block.bounding_box()["height"] < 2500
    expect(block.locator("table.headers").first).to_be_hidden()
    block.get_by_text("Headers: 9").first.click()
    expect(block.locator("table.headers").first).to_contain_text("X-Total-Count")
    problem = block.locator('.response[data-code="422"]')
    expect(problem.locator(".example")).to_be_hidden()
    problem.locator("summary").first.click()
    expect(problem.locator(".example")).to_contain_text("Missing data for required field.")


def test_the_parameter_of_the_path_comes_first_with_its_description(docs):
    block = opened(docs, "replaceThing")
    first = block.locator(".parameters tbody tr").first
    expect(first).to_contain_text("thing_id")
    expect(first).to_contain_text("The id of the thing.")


def test_the_page_begins_with_the_introduction(docs):
    expect(docs.get_by_role("heading", name="Conditional requests")).to_be_visible()


def test_the_page_fits_a_phone(open_docs):
    page = open_docs(390, 844)
    run(page, "createThing")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
