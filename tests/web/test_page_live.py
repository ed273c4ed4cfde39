"""The page: changes by others appear immediately, or after a break."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_list import add, entries

pytestmark = [needs_chromium, pytest.mark.sqlite]


@pytest.fixture
def is_shared():
    """Return False, because tests here stop their server."""
    return False


def test_two_pages_show_each_others_changes(open_page):
    one, other = open_page(), open_page()
    add(one, "hello")
    expect(entries(other).get_by_text("hello")).to_be_visible()
    entries(other).hover()
    other.get_by_role("button", name="Edit").click()
    other.keyboard.type(" there\n")
    expect(entries(one).get_by_text("hello there")).to_be_visible()
    entries(one).hover()
    one.get_by_role("button", name="Delete").click()
    expect(entries(other)).to_have_count(0)
    one.get_by_role("button", name="Undo").click()
    expect(entries(other).get_by_text("hello there")).to_be_visible()
    expect(other.get_by_text("1 thing", exact=True)).to_be_visible()


def test_rows_changed_by_others_keep_their_place(open_page, store, server):
    store("a", "b", "c")
    page = open_page("?sort=-updated_at")
    server.request("PUT", "/things/1", {"text": "changed"})
    expect(entries(page).last).to_have_text(re.compile("changed"))


def test_rows_added_by_others_are_sorted_in(open_page, store):
    store("a", "c")
    page = open_page("?sort=text")
    store("b")
    expect(entries(page)).to_have_text([re.compile(text) for text in "abc"])


def test_rows_added_by_others_are_hidden_if_they_do_not_match(open_page, store):
    store("milk 1")
    page = open_page("?q=milk")
    store("bread", "MILK 2")
    expect(entries(page)).to_have_text([re.compile("MILK 2"), re.compile("milk 1")])
    expect(page.get_by_text("2 things found")).to_be_visible()


def test_a_page_catches_up_after_the_server_was_away(open_page, store, server, serve):
    store("before")
    page = open_page()
    server.stop()
    expect(page.get_by_text("Offline")).to_be_visible()
    again = serve(PORT=str(server.port))
    again.request("POST", "/things", {"text": "meanwhile"})
    expect(page.get_by_text("Live")).to_be_visible()
    expect(entries(page)).to_have_text([re.compile("meanwhile"), re.compile("before")])


def test_input_while_the_server_is_down_is_stored_later(open_page, server, serve):
    page = open_page()
    server.stop()
    expect(page.get_by_text("Offline")).to_be_visible()
    add(page, "patience")
    expect(page.get_by_text("The service does not respond. Trying again…")).to_be_visible()
    field = page.get_by_role("textbox", name="New thing")
    expect(field).to_have_value("patience")
    field.press("Enter")
    serve(PORT=str(server.port))
    expect(entries(page)).to_have_text([re.compile("patience")])
    expect(field).to_have_value("")
    expect(page.get_by_text("The service does not respond.")).to_be_hidden()


def test_changes_during_a_retry_are_not_lost(open_page, server, serve):
    page = open_page()
    server.stop()
    add(page, "first")
    expect(page.get_by_text("Trying again…")).to_be_visible()
    add(page, "second")
    serve(PORT=str(server.port))
    expect(entries(page)).to_have_text([re.compile("second")])
    expect(page.get_by_role("textbox", name="New thing")).to_have_value("")


def test_a_restored_backup_is_shown(open_page, store, server, serve, runner, tmp_path):
    store("as it was")
    assert runner.invoke(args=["things", "backup", str(tmp_path / "copy")]).exit_code == 0
    server.request("PUT", "/things/1", {"text": "changed"})
    page = open_page()
    expect(entries(page).get_by_text("changed", exact=True)).to_be_visible()
    server.stop()
    result = runner.invoke(args=["things", "restore", "--force", str(tmp_path / "copy")])
    assert result.exit_code == 0, result.output
    serve(PORT=str(server.port))
    expect(entries(page).get_by_text("as it was", exact=True)).to_be_visible()


def test_without_a_stream_the_page_polls(open_page, store):
    def refuse_streams(route):
        if "event-stream" in route.request.headers.get("accept", ""):
            route.fulfill(status=503, body="{}")
        else:
            route.continue_()

    page = open_page(wait=None)
    page.route("**/things/changes*", refuse_streams)
    page.reload()
    expect(page.get_by_text("Polling")).to_be_visible()
    store("hello")
    expect(entries(page).get_by_text("hello")).to_be_visible()


def test_after_a_place_that_is_gone_everything_is_read_again(open_page, store):
    store("one")
    page = open_page()
    answered = []

    def gone(route):
        if not answered and "last-event-id" in route.request.headers:
            answered.append(True)
            route.fulfill(status=410, body="{}")
        else:
            route.continue_()

    page.route("**/things/changes*", gone)
    page.context.set_offline(True)
    store("two")
    page.context.set_offline(False)
    page.reload()
    expect(entries(page)).to_have_count(2)
    expect(page.get_by_text("Live")).to_be_visible()
    assert answered
