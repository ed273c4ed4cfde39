"""The page: editing in place, and conflicts with other editors."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_list import entries

pytestmark = [needs_chromium, pytest.mark.sqlite]


@pytest.fixture
def page(open_page, store):
    """Return a page with one thing."""
    store("draft")
    return open_page()


def text_of(server):
    """Return the text of the only thing."""
    return server.request("GET", "/things/1")[2]["text"]


def edit(page, text):
    """Type another text without saving it."""
    page.get_by_role("button", name="Edit").click()
    field = entries(page).get_by_role("textbox")
    expect(field).to_be_focused()
    field.fill(text)
    return field


def test_enter_saves(page, server):
    edit(page, "done").press("Enter")
    expect(entries(page).get_by_text("done")).to_be_visible()
    expect(entries(page).get_by_role("textbox")).to_have_count(0)
    expect(entries(page)).to_be_focused()
    assert text_of(server) == "done"
    assert page.errors == []


def test_escape_leaves_everything_as_it_was(page, server):
    edit(page, "no").press("Escape")
    expect(entries(page).get_by_text("draft")).to_be_visible()
    assert text_of(server) == "draft"


def test_an_edit_is_saved_with_if_match(page):
    with page.expect_request(lambda request: request.method == "PUT") as put:
        edit(page, "done").press("Enter")
    assert put.value.headers["if-match"].startswith('"')


@pytest.mark.parametrize(("choice", "left"), [("Keep mine", "mine"), ("Take theirs", "theirs")])
def test_a_change_by_another_while_typing_is_shown_as_a_conflict(page, server, choice, left):
    field = edit(page, "mine")
    server.request("PUT", "/things/1", {"text": "theirs"})
    expect(entries(page).get_by_text("theirs", exact=True)).to_be_visible()
    expect(field).to_have_value("mine")
    field.press("Enter")
    assert text_of(server) == "theirs"
    page.get_by_role("button", name=choice).click()
    expect(entries(page).get_by_text(left, exact=True)).to_be_visible()
    expect(entries(page).get_by_role("textbox")).to_have_count(0)
    assert text_of(server) == left


def test_without_the_feed_a_412_shows_both_versions(open_page, store, server):
    store("draft")
    page = open_page(wait=None)
    page.route("**/changes*", lambda route: route.abort())
    page.reload()
    field = edit(page, "mine")
    page.wait_for_load_state("networkidle")
    server.request("PUT", "/things/1", {"text": "theirs"})
    field.press("Enter")
    expect(entries(page).get_by_text("theirs", exact=True)).to_be_visible()
    expect(field).to_have_value("mine")
    server.request("PUT", "/things/1", {"text": "newer"})
    page.get_by_role("button", name="Keep mine").click()
    expect(entries(page).get_by_text("newer", exact=True)).to_be_visible()
    assert text_of(server) == "newer"
    page.get_by_role("button", name="Keep mine").click()
    expect(entries(page).get_by_role("textbox")).to_have_count(0)
    assert text_of(server) == "mine"


def test_a_row_deleted_by_another_while_typing_can_be_kept(page, server):
    field = edit(page, "mine")
    server.request("DELETE", "/things/1")
    expect(page.get_by_text("Someone else deleted this")).to_be_visible()
    expect(field).to_have_value("mine")
    page.get_by_role("button", name="Keep mine").click()
    expect(entries(page).get_by_role("textbox")).to_have_count(0)
    assert text_of(server) == "mine"


def test_a_row_deleted_by_another_disappears_on_cancel(page, server):
    field = edit(page, "mine")
    server.request("DELETE", "/things/1")
    expect(page.get_by_text("Someone else deleted this")).to_be_visible()
    field.press("Escape")
    expect(entries(page)).to_have_count(0)


def test_input_survives_a_search_that_does_not_match_it(page):
    field = edit(page, "mine")
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_text("0 things found")).to_be_visible()
    expect(field).to_have_value("mine")


def test_a_rejected_edit_shows_the_reason_and_can_continue(page, server):
    field = edit(page, "x" * 100_001)
    field.press("Enter")
    expect(page.get_by_text("Longer than maximum length 100000.")).to_be_visible()
    field.fill("short")
    field.press("Enter")
    expect(entries(page).get_by_text("short")).to_be_visible()
    assert text_of(server) == "short"
