"""The page: adding, finding and reading."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.support.proxies import needs

pytestmark = [needs_chromium, pytest.mark.sqlite]


def entries(page):
    """Return the entries of the list."""
    return page.get_by_role("list", name="Things").get_by_role("listitem")


def add(page, text):
    """Type a text into the field for new things, and save it."""
    page.get_by_role("textbox", name="New thing").fill(text)
    page.keyboard.press("Enter")


def test_an_empty_list_explains_itself(open_page):
    page = open_page()
    expect(page.get_by_text("No things yet.")).to_be_visible()
    expect(page.get_by_role("link", name="the API")).to_have_attribute("href", "/docs")


def test_enter_saves_and_shift_enter_starts_a_new_line(open_page, server):
    page = open_page()
    field = page.get_by_role("textbox", name="New thing")
    field.press_sequentially("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(entries(page)).to_have_count(1)
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    assert server.request("GET", "/things")[2][0]["text"] == "one\ntwo"
    assert page.errors == []


def test_things_that_are_typed_fast_are_all_stored_in_order(open_page):
    page = open_page()
    page.get_by_role("textbox", name="New thing").press_sequentially("a\nb\nc\n")
    expect(entries(page)).to_have_text([re.compile(text) for text in "cba"])


def test_rejected_input_stays_in_the_field_with_the_reason(open_page, server):
    page = open_page()
    add(page, "x" * 100_001)
    expect(page.get_by_text("Longer than maximum length 100000.")).to_be_visible()
    field = page.get_by_role("textbox", name="New thing")
    expect(field).to_have_value("x" * 100_001)
    expect(field).to_be_focused()
    assert server.request("GET", "/things")[2] == []


def test_a_lost_answer_is_asked_for_again_and_nothing_is_doubled(open_page, server):
    page = open_page()
    lost = []

    def lose_the_first(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/things", lose_the_first)
    add(page, "once")
    expect(entries(page)).to_have_count(1)
    assert [thing["text"] for thing in server.request("GET", "/things")[2]] == ["once"]
    assert lost


def test_saved_input_is_not_restored_when_the_list_fails(open_page, server):
    page = open_page("?q=milk")
    page.route("**/things?*id=*", lambda route: route.fulfill(status=500, body="{}"))
    add(page, "buy milk")
    expect(page.get_by_text("The service responded with 500.")).to_be_visible()
    expect(page.get_by_role("textbox", name="New thing")).to_have_value("")
    assert len(server.request("GET", "/things")[2]) == 1


def test_markup_in_a_text_is_shown_as_it_is(open_page, store):
    text = "<img src=x onerror=alert(1)><b>bold</b> &amp;"
    store(text)
    page = open_page("?q=%3Cb%3E")
    expect(entries(page).get_by_text(text)).to_be_visible()
    assert page.locator("#list :is(img, b)").count() == 0
    assert page.errors == []


def test_search_while_typing_changes_the_address_and_the_list(open_page, store):
    store("buy milk", "buy bread", "sell milk")
    page = open_page()
    page.get_by_role("searchbox", name="Search").fill("MILK")
    expect(entries(page)).to_have_count(2)
    expect(page.get_by_text("2 things found")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?q=MILK$"))
    page.get_by_label("Sort order").select_option("text")
    expect(page).to_have_url(re.compile(r"/\?q=MILK&sort=text$"))
    page.reload()
    expect(entries(page)).to_have_text([re.compile("buy milk"), re.compile("sell milk")])


def test_back_and_forward_lead_through_searches(open_page, store):
    store("milk", "bread")
    page = open_page()
    search = page.get_by_role("searchbox", name="Search")
    search.fill("milk")
    expect(entries(page)).to_have_count(1)
    page.go_back()
    expect(search).to_have_value("")
    expect(entries(page)).to_have_count(2)
    page.go_forward()
    expect(search).to_have_value("milk")
    expect(entries(page)).to_have_count(1)


def test_the_address_decides_the_view(open_page, store):
    store("milk b", "milk a", "bread")
    page = open_page("?q=milk&sort=text")
    expect(entries(page)).to_have_text([re.compile("milk a"), re.compile("milk b")])


@pytest.mark.parametrize("way", [pytest.param("nginx", marks=needs("nginx")), "SCRIPT_NAME"])
def test_the_page_works_below_a_path(open_page):
    page = open_page()
    add(page, "below")
    expect(entries(page)).to_have_count(1)
    page.reload()
    expect(entries(page)).to_have_count(1)
    assert page.errors == []


def test_a_long_text_is_shown_in_part_until_all_of_it_is_asked_for(open_page, store):
    store("word " * 20_000)
    page = open_page()
    first, rest = page.locator(".text").all()
    expect(rest).to_be_hidden()
    page.get_by_text("Show all 100,000 characters").click()
    expect(rest).to_be_visible()
    assert first.text_content() + rest.text_content() == "word " * 20_000


def test_ten_thousand_things_are_read_page_by_page(open_page, store):
    for first in range(0, 10_000, 1000):
        store(*(f"thing {number}" for number in range(first, first + 1000)))
    page = open_page()
    expect(page.get_by_text("10,000 things")).to_be_visible()
    expect(entries(page)).to_have_count(100)
    page.evaluate("window.timer = setInterval(() => scrollTo(0, document.body.scrollHeight), 10)")
    expect(page.locator("#list > li")).to_have_count(10_000, timeout=90_000)
    page.evaluate("clearInterval(timer)")
    shown = page.locator("#list > li .text").all_text_contents()
    assert shown == [f"thing {number}" for number in reversed(range(10_000))]
    page.locator("[name=sort]").select_option("id")  # looking for labels would take long
    expect(page.locator("#list > li").first).to_have_text(re.compile("thing 0"))
    page.get_by_role("searchbox").fill("thing 777")
    expect(page.get_by_text("11 things found")).to_be_visible()


def test_without_javascript_the_page_leads_to_the_api(open_page):
    page = open_page(wait=None, java_script_enabled=False)
    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    expect(page.get_by_role("link", name="the API")).to_have_attribute("href", "/docs")
