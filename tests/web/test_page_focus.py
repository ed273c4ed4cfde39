"""The page: the focus is never lost, whatever is removed."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_keys import PHONE
from tests.web.test_page_list import entries

pytestmark = [needs_chromium, pytest.mark.sqlite]


def focused(page):
    """Return the id of the focused element, or its tag."""
    # Chromium removes the focus in the next frame
    page.evaluate("new Promise(requestAnimationFrame)")
    return page.evaluate("document.activeElement.id || document.activeElement.localName")


def select(page, *numbers):
    """Select entries by index."""
    for number in numbers:
        entries(page).nth(number).get_by_role("checkbox").check(force=True)


@pytest.mark.parametrize("name", ["Delete selected", "Clear"])
def test_the_focus_stays_when_the_selection_goes(open_page, store, name):
    store("a", "b", "c")
    page = open_page()
    select(page, 0, 2)
    page.get_by_role("button", name=name).press("Enter")
    expect(page.get_by_text("2 things selected")).to_be_hidden()
    assert focused(page) == "list"


def test_the_focus_stays_when_undo_is_pressed(open_page, store):
    store("a", "b")
    page = open_page()
    page.keyboard.press("j")
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(entries(page)).to_have_count(2)
    assert focused(page) == "list"
    page.keyboard.press("j")
    expect(entries(page).first).to_be_focused()


def test_the_focus_stays_when_the_last_entry_goes(open_page, store):
    store("a")
    page = open_page()
    page.keyboard.press("j")
    page.keyboard.press("Delete")
    expect(entries(page)).to_have_count(0)
    assert focused(page) == "list"


def test_the_focus_stays_in_the_trash_when_a_row_is_restored(open_page, store, server):
    store("a", "b")
    for thing in (1, 2):
        server.request("DELETE", f"/things/{thing}")
    page = open_page()
    page.get_by_role("button", name="Trash").click()
    for left in (1, 0):
        page.get_by_role("button", name="Restore").first.press("Enter")
        expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(left)
        assert focused(page) == ("button" if left else "panel-close")


def test_typing_continues_while_the_list_is_reloaded(open_page, store):
    store("draft")
    page = open_page()
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.keyboard.type(" and")
    store(*map(str, range(150)))
    expect(page.get_by_text("151 things")).to_be_visible()
    page.keyboard.type(" more")
    expect(entries(page).get_by_role("textbox")).to_have_value("draft and more")


def test_a_key_that_is_held_deletes_one_entry(open_page, store):
    store("a", "b", "c")
    page = open_page()
    page.keyboard.press("j")
    for _ in range(3):
        page.keyboard.down("Delete")
    page.keyboard.up("Delete")
    expect(page.get_by_text("2 things", exact=True)).to_be_visible()
    expect(entries(page)).to_have_count(2)


def test_j_begins_where_one_reads(open_page, store):
    store(*map(str, range(60)))
    page = open_page()
    expect(entries(page)).to_have_count(60)
    page.evaluate("scrollTo(0, 2000)")
    page.keyboard.press("j")
    assert page.evaluate("scrollY") == 2000


def test_a_message_hides_no_selection_on_a_phone(open_page, store):
    store("a", "b")
    page = open_page(**PHONE)
    page.keyboard.press("j")
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    select(page, 0)
    message, selection = page.locator("#message"), page.locator("#selection")
    expect(selection).to_be_visible()
    below = selection.bounding_box()
    above = message.bounding_box()
    assert above["y"] + above["height"] <= below["y"]
