"""The page: deleting, undoing, selecting, versions, the trash, exports."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_list import entries

pytestmark = [needs_chromium, pytest.mark.sqlite]


@pytest.fixture
def page(open_page, store):
    """Return a page with three things."""
    store("a", "b", "c")
    return open_page()


def row(page, text):
    """Return the entry with a text, with the pointer on it."""
    entry = entries(page).filter(has_text=re.compile(f"^{text}"))
    entry.hover()
    return entry


def texts(server):
    """Return the texts on the server."""
    return [thing["text"] for thing in server.request("GET", "/things")[2]]


def test_delete_acts_at_once_and_can_be_undone(page, server):
    row(page, "b").get_by_role("button", name="Delete").click()
    expect(entries(page)).to_have_count(2)
    expect(page.get_by_text("Deleted.")).to_be_visible()
    assert texts(server) == ["a", "c"]
    page.get_by_role("button", name="Undo").click()
    expect(entries(page)).to_have_text([re.compile(text) for text in "cba"])
    assert texts(server) == ["a", "b", "c"]


def test_several_are_selected_deleted_and_restored(page, server):
    row(page, "a").get_by_role("checkbox").check()
    row(page, "c").get_by_role("checkbox").check()
    expect(page.get_by_text("2 things selected")).to_be_visible()
    page.get_by_role("button", name="Delete selected").click()
    expect(entries(page)).to_have_count(1)
    assert texts(server) == ["b"]
    page.get_by_role("button", name="Undo").click()
    expect(entries(page)).to_have_count(3)


def test_the_selection_is_exported(page):
    row(page, "a").get_by_role("checkbox").check()
    row(page, "c").get_by_role("checkbox").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export NDJSON").click()
    assert download.value.suggested_filename == "things.ndjson"
    content = download.value.path().read_text()
    assert re.findall('"text":"(.)"', content) == ["a", "c"]


def test_the_links_export_the_view(page):
    page.get_by_role("searchbox").fill("b")
    expect(entries(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "things.csv"
    assert re.findall("^\\d+,(.),", download.value.path().read_text(), re.MULTILINE) == ["b"]


@pytest.mark.parametrize("settings", [{"THINGS_KEEP_DAYS": "0"}])
def test_where_nothing_is_kept_a_delete_asks_before(page, server):
    asked = []

    def answer(dialog):
        asked.append(dialog.message)
        (dialog.accept if len(asked) > 1 else dialog.dismiss)()

    page.on("dialog", answer)
    row(page, "b").get_by_role("button", name="Delete").click()
    assert texts(server) == ["a", "b", "c"]
    row(page, "b").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted.")).to_be_visible()
    assert texts(server) == ["a", "c"]
    assert asked == ["Delete it permanently?"] * 2
    for name in ("Undo", "Trash", "Versions"):
        expect(page.get_by_role("button", name=name).first).to_be_hidden()


def test_versions_are_shown_and_put_back(page, server):
    server.request("PUT", "/things/2", {"text": "b changed"})
    row(page, "b changed").get_by_role("button", name="Versions").click()
    versions = page.get_by_role("dialog", name="Versions").get_by_role("listitem")
    expect(versions).to_have_text([re.compile("b changed"), re.compile("createdb")])
    page.get_by_role("button", name="Restore").click()
    expect(versions).to_have_count(3)
    page.keyboard.press("Escape")
    expect(entries(page).nth(1)).to_have_text(re.compile("^b"))
    assert texts(server)[1] == "b"


def test_the_trash_gives_back(page, server):
    for text in "ac":
        row(page, text).get_by_role("button", name="Delete").click()
        expect(entries(page).filter(has_text=re.compile(f"^{text}"))).to_have_count(0)
    page.get_by_role("button", name="Trash").click()
    trash = page.get_by_role("dialog", name="Trash")
    expect(trash.get_by_role("listitem")).to_have_text([re.compile("^c"), re.compile("^a")])
    trash.get_by_role("button", name="Restore").last.click()
    expect(trash.get_by_role("listitem")).to_have_count(1)
    assert texts(server) == ["a", "b"]
    page.keyboard.press("Escape")
    expect(entries(page)).to_have_count(2)


def test_the_last_request_is_shown_as_curl(page, store):
    page.get_by_role("searchbox").fill("it's")
    expect(page.get_by_text("0 things found")).to_be_visible()
    page.get_by_role("button", name="Show the request").click()
    command = page.get_by_role("dialog").locator("pre")
    expect(command).to_have_text(re.compile("^curl 'http://.*/things\\?q=it%27s&sort=-id"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == command.text_content()
