"""The page: keyboard, screen readers, phones and dark mode."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_list import entries

pytestmark = [needs_chromium, pytest.mark.sqlite]

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


def test_everything_can_be_done_with_keys(open_page, server):
    page = open_page()
    for key in ("n", "a", "Enter", "b", "Enter", "c", "Enter", "Escape"):
        page.keyboard.press(key)
    expect(entries(page)).to_have_count(3)
    page.keyboard.press("j")
    expect(entries(page).first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.keyboard.type("!\n")
    expect(entries(page).nth(1)).to_have_text(re.compile("^b!"))
    expect(entries(page).nth(1)).to_be_focused()
    page.keyboard.press("Delete")
    expect(entries(page)).to_have_count(2)
    expect(entries(page).nth(1)).to_be_focused()
    page.keyboard.press("u")
    expect(entries(page)).to_have_count(3)
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.get_by_text("2 things selected")).to_be_visible()
    page.keyboard.press("Delete")
    expect(entries(page)).to_have_text([re.compile("^c")])
    page.keyboard.press("/")
    page.keyboard.type("c")
    expect(page).to_have_url(re.compile("q=c$"))
    assert page.errors == []


def test_a_question_mark_lists_the_keys(open_page):
    page = open_page()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    for key in ("/", "n", "j", "k", "e", "x", "Delete", "u", "?"):
        expect(keys.locator("kbd").get_by_text(key, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_single_keys_can_be_turned_off(open_page):
    page = open_page()
    page.keyboard.press("?")
    page.get_by_label("Use keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="New thing")).not_to_be_focused()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use keyboard shortcuts").check()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_role("textbox", name="New thing")).to_be_focused()


def test_keys_do_nothing_while_one_types(open_page, store):
    store("a")
    page = open_page()
    page.get_by_role("searchbox").press_sequentially("jex?u/")
    expect(page.get_by_role("searchbox")).to_have_value("jex?u/")
    expect(page.get_by_role("dialog")).to_have_count(0)


def fill(page):
    """Open an editor, a message, a selection and a problem, to judge all of them."""
    entries(page).nth(0).get_by_role("checkbox").check(force=True)
    entries(page).nth(1).focus()
    page.keyboard.press("Delete")
    entries(page).nth(1).focus()
    page.keyboard.press("e")
    field = page.get_by_role("textbox", name="New thing")
    field.fill("x" * 100_001)
    field.press("Enter")
    expect(page.get_by_text("Longer than")).to_be_visible()
    field.evaluate("element => (element.value = 'too long')")


def test_the_page_fits_a_phone(open_page, store):
    store("a", "long " * 50, "x" * 300, "d")
    page = open_page(**PHONE)
    for button in entries(page).first.get_by_role("button").all():
        expect(button).to_be_visible()
    fill(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.get_by_role("button", name="Trash").click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_colours_follow_the_system(open_page):
    def paper(scheme):
        page = open_page(color_scheme=scheme)
        return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    assert paper("light") == "rgb(252, 251, 249)"
    assert paper("dark") == "rgb(24, 23, 21)"


def test_reduced_motion_disables_animations(open_page, store):
    page = open_page(reduced_motion="reduce")
    store("a")
    expect(entries(page)).to_have_count(1)
    assert page.evaluate("document.getAnimations().length") == 0
