"""The page with failing networks, proxies and conflicting users."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_edit import edit, text_of
from tests.web.test_page_import import choose
from tests.web.test_page_list import entries
from tests.web.test_page_tokens import give, make_token  # noqa: F401 - a fixture

pytestmark = [needs_chromium, pytest.mark.sqlite]


@pytest.fixture
def is_shared():
    """Return False, because tests here stop their server."""
    return False


def test_a_search_while_the_server_is_down_finishes_later(open_page, store, server, serve):
    store("milk", "bread")
    page = open_page()
    server.stop()
    page.get_by_role("searchbox").fill("milk")
    expect(page.get_by_text("The service does not respond.")).to_be_visible()
    serve(PORT=str(server.port))
    expect(page.get_by_text("1 thing found")).to_be_visible()
    expect(entries(page)).to_have_text([re.compile("^milk")])


def test_a_proxy_that_answers_for_the_service_is_no_connection(open_page):
    page = open_page()
    page.route("**/things/changes*", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"))
    page.reload()
    expect(page.get_by_text("Offline")).to_be_visible()
    page.unroute("**/things/changes*")
    expect(page.get_by_text("Polling")).to_be_visible()


def test_a_lost_answer_to_a_delete_is_asked_for_again(open_page, store):
    store("a")
    page = open_page()
    lost = []

    def lose_the_first(route):
        if route.request.method == "DELETE" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/things/*", lose_the_first)
    entries(page).hover()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Restored.")).to_be_visible()
    expect(entries(page)).to_have_count(1)


def test_a_selection_is_deleted_even_if_a_part_of_it_is_gone(open_page, store, server):
    store("a", "b", "c")
    page = open_page(wait=None)
    page.route("**/things/changes*", lambda route: route.abort())
    page.reload()
    for entry in (expect(entries(page)).to_have_count(3), *entries(page).all())[1:]:
        entry.get_by_role("checkbox").check(force=True)
    server.request("DELETE", "/things/2")
    page.get_by_role("button", name="Delete selected").click()
    expect(page.get_by_text("Deleted 3 things.")).to_be_visible()
    assert server.request("GET", "/things")[2] == []


def test_input_after_enter_is_not_lost_while_the_server_is_slow(open_page, store, server):
    store("draft")
    page = open_page()
    field = edit(page, "sent")

    def type_on(route):
        if route.request.method == "PUT":
            field.evaluate("element => element.setRangeText('!', 4, 4)")
        route.continue_()

    page.route("**/things/1", type_on)
    with page.expect_response(lambda response: response.request.method == "PUT") as put:
        field.press("Enter")
    put.value.finished()
    assert text_of(server) == "sent"
    expect(field).to_have_value("sent!")
    page.unroute("**/things/1")
    field.press("Enter")
    expect(entries(page).get_by_text("sent!")).to_be_visible()
    assert text_of(server) == "sent!"


def test_a_row_that_cannot_be_restored_stays_in_the_trash(open_page, store, server):
    store("a")
    server.request("DELETE", "/things/1")
    page = open_page()
    page.get_by_role("button", name="Trash").click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    server.request("DELETE", "/things/trash/1")
    page.get_by_role("button", name="Restore").click()
    expect(
        page.get_by_role("dialog").get_by_text("There is no thing 1 in the trash.")
    ).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)


def test_a_search_for_the_name_of_an_order_is_kept_in_the_address(open_page):
    page = open_page()
    page.get_by_role("searchbox").fill("-id")
    expect(page).to_have_url(re.compile(r"/\?q=-id$"))


def test_a_text_is_never_cut_within_a_character(open_page, store):
    store("a" * 1499 + "🍋" + "b" * 50)
    first, rest = open_page().locator(".text").all()
    assert (first.text_content()[-1], rest.text_content()[0]) == ("🍋", "b")


def test_a_match_is_shown_however_late_in_the_text(open_page, store):
    store("word " * 1000 + "needle")
    page = open_page("?q=needle")
    expect(page.locator("mark").get_by_text("needle")).to_be_visible()


def test_the_first_failing_file_ends_the_import_with_a_message(open_page, server):
    page = open_page()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import").click()
    contents = {"a.ndjson": b"5", "b.txt": b"b"}
    chooser.value.set_files(
        [{"name": n, "mimeType": "text/plain", "buffer": c} for n, c in contents.items()]
    )
    dialog = page.get_by_role("dialog", name="Import a.ndjson")
    expect(dialog.get_by_text("Line 1: Not a JSON object. 0 things stored")).to_be_visible()
    assert server.request("GET", "/things")[2] == []


def test_a_cancelled_import_shows_the_number_stored(open_page):
    page = open_page()
    page.route("**/things/bulk", lambda route: None)
    dialog = choose(page, "a.ndjson", json.dumps({"text": "a"}))
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    message = page.locator("#message")
    expect(message.get_by_text("Import cancelled. 0 things stored before.")).to_be_visible()


@pytest.mark.parametrize("auth", ["write"])
def test_a_token_is_asked_for_in_the_side_view_too(open_page, make_token, server):  # noqa: F811
    writer = {"Authorization": f"Bearer {make_token('writer')}", "Content-Type": "application/json"}
    server.request("POST", "/things", {"text": "a"}, writer)
    server.request("DELETE", "/things/1", None, writer)
    page = open_page()
    page.get_by_role("button", name="Trash").click()
    page.get_by_role("button", name="Restore").click()
    give(page, make_token("another"))
    expect(page.get_by_role("dialog", name="Trash").get_by_role("listitem")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(entries(page)).to_have_count(1)


def test_an_undo_restores_the_rest_if_some_rows_were_erased(open_page, store, server):
    store("a", "b", "c")
    page = open_page()
    expect(entries(page)).to_have_count(3)
    for entry in entries(page).all():
        entry.get_by_role("checkbox").check(force=True)
    page.get_by_role("button", name="Delete selected").click()
    expect(page.get_by_text("Deleted 3 things.")).to_be_visible()
    server.request("DELETE", "/things/trash/3")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("There is no thing 3 in the trash.")).to_be_visible()
    expect(entries(page)).to_have_text([re.compile("^b"), re.compile("^a")])
