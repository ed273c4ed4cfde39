"""The page of a fork's resource: a control for each type of field."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium, watched

pytestmark = [needs_chromium, pytest.mark.sqlite]


@pytest.fixture
def page(browser, fork):
    """Return the page of a resource with a field of every type."""
    root = f"http://127.0.0.1:{fork.port}"
    context = browser.new_context(timezone_id="Europe/Berlin", locale="en-GB")
    page = watched(context.new_page(), root)
    page.goto(f"{root}/?resource=orders")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    yield page
    assert page.foreign == []
    context.close()


def orders(fork):
    """Return the orders on the server."""
    return fork.request("GET", "/orders")[2]


def entries(page):
    """Return the entries of the list."""
    return page.get_by_role("list", name="Orders").get_by_role("listitem")


def test_each_type_has_its_control_and_arrives_as_it_was_typed(page, fork):
    for name, value in {
        "Body": "a text",
        "Due": "2026-12-31",
        "Price": "12.50",
        "Count": "7",
        "Details": '{"a": [1, null]}',
        "Starts at": "2026-07-01T14:00:05",
        "Slug": "books",
        "Number": "-5",
    }.items():
        page.get_by_label(name, exact=True).fill(value)
    page.get_by_label("Done", exact=True).check()
    page.get_by_label("Status", exact=True).select_option("shipped, but not paid")
    page.get_by_label("Paid", exact=True).select_option("no")
    page.get_by_role("textbox", name="New order").fill("Books")
    page.keyboard.press("Enter")
    expect(entries(page)).to_have_count(1)
    stored = orders(fork)[0]
    expected = {
        "title": "Books",
        "body": "a text",
        "done": True,
        "due": "2026-12-31",
        "price": "12.50",
        "count": 7,
        "status": "shipped, but not paid",
        "details": {"a": [1, None]},
        "more": None,
        "starts_at": "2026-07-01T12:00:05.000000Z",
        "slug": "books",
        "paid": False,
        "number": -5,
        "reason": None,
        "thing_id": None,
    }
    assert {name: stored[name] for name in expected} == expected
    assert page.errors == []


def test_an_edit_of_one_field_leaves_the_others_as_they_were(page, fork):
    order = {
        "title": "exact",
        "starts_at": "2026-07-01T12:00:05.123456Z",
        "details": {"a": 1.5},
        "count": 0,
        "price": "0.10",
    }
    before = fork.request("POST", "/orders", order)[2]
    entries(page).hover()
    page.get_by_role("button", name="Edit").click()
    entries(page).get_by_role("textbox").first.fill("changed")
    page.keyboard.press("Enter")
    expect(entries(page).get_by_text("changed", exact=True)).to_be_visible()
    expect(entries(page).locator("dd").get_by_text("0", exact=True)).to_be_visible()
    after = orders(fork)[0]
    assert after == before | {"title": "changed", "updated_at": after["updated_at"]}


def test_a_value_that_a_control_cannot_show_stays_unless_edited(page, fork):
    order = {"title": "first\r\nsecond", "slug": "a\nb", "more": None}
    before = fork.request("POST", "/orders", order)[2]
    entries(page).hover()
    page.get_by_role("button", name="Edit").click()
    entries(page).get_by_label("Count", exact=True).fill("3")
    page.keyboard.press("Enter")
    expect(entries(page).get_by_role("textbox")).to_have_count(0)
    after = orders(fork)[0]
    assert after == before | {"count": 3, "updated_at": after["updated_at"]}


def test_half_a_number_is_refused_and_not_left_out(page, fork):
    page.get_by_role("textbox", name="New order").fill("a")
    page.get_by_label("Count", exact=True).press_sequentially("1e")
    page.get_by_role("textbox", name="New order").press("Enter")
    expect(page.get_by_text("Not a valid integer.")).to_be_visible()
    assert orders(fork) == []


def test_incomplete_json_and_a_change_by_another_are_a_conflict(page, fork):
    fork.request("POST", "/orders", {"title": "a"})
    entries(page).hover()
    page.get_by_role("button", name="Edit").click()
    entries(page).get_by_label("Details", exact=True).fill('{"half')
    fork.request("PATCH", "/orders/1", {"title": "theirs"})
    expect(page.get_by_text("Someone else changed this")).to_be_visible()
    expect(entries(page).get_by_label("Details", exact=True)).to_have_value('{"half')
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_errors_are_shown_beside_their_field(page, fork):
    page.get_by_label("Count", exact=True).fill("101")
    page.get_by_role("textbox", name="New order").fill("too many")
    page.keyboard.press("Enter")
    field = page.locator(".fields > div").filter(has=page.get_by_label("Count", exact=True))
    expect(field.get_by_text("Must be at most 100.")).to_be_visible()
    expect(page.get_by_label("Count", exact=True)).to_have_value("101")
    assert orders(fork) == []


def test_invalid_json_is_kept_and_explained(page, fork):
    page.get_by_label("Details", exact=True).fill("{broken")
    page.get_by_role("textbox", name="New order").fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="JSON")).to_be_visible()
    expect(page.get_by_role("textbox", name="New order")).to_have_value("kept")
    assert orders(fork) == []


def test_a_field_with_few_values_narrows_the_list(page, fork):
    for title, is_done in (("one", True), ("two", False)):
        fork.request("POST", "/orders", {"title": title, "done": is_done})
    expect(entries(page)).to_have_count(2)
    page.get_by_label("Filter: Done").select_option("true")
    expect(entries(page)).to_have_count(1)
    expect(page.get_by_text("1 order found")).to_be_visible()
    assert "done=true" in page.url


def test_each_page_leads_to_the_others(page):
    page.get_by_role("navigation").get_by_role("link", name="Things").click()
    expect(page.get_by_role("heading", name="Things")).to_be_visible()
    expect(page.get_by_role("textbox", name="New thing")).to_be_visible()
