"""The page with THINGS_AUTH."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_list import add, entries

pytestmark = [needs_chromium, pytest.mark.sqlite]


@pytest.fixture
def make_token(server, runner):
    """Return a function that creates a token."""

    def make_token(*options):
        return runner.invoke(args=["tokens", "create", *options]).stdout.strip()

    return make_token


def give(page, token):
    """Type a token into its field."""
    page.get_by_role("textbox", name="Token").fill(token)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("auth", ["all"])
def test_a_token_is_asked_for_once_and_kept(open_page, make_token):
    page = open_page(wait=None)
    give(page, make_token("writer"))
    expect(page.get_by_text("Live")).to_be_visible()
    add(page, "secret")
    expect(entries(page)).to_have_count(1)
    page.reload()
    expect(entries(page)).to_have_count(1)
    expect(page.get_by_role("textbox", name="Token")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("auth", ["all"])
def test_a_token_that_is_not_good_is_asked_for_again(open_page, make_token):
    page = open_page(wait=None)
    give(page, "things_1_nonsense")
    expect(page.get_by_text("This token is not valid.")).to_be_visible()
    give(page, make_token("writer"))
    expect(page.get_by_text("Live")).to_be_visible()


@pytest.mark.parametrize("auth", ["all"])
@pytest.mark.parametrize("nonsense", ["  ", "“quoted”"])
def test_an_invalid_token_is_asked_for_again(open_page, make_token, nonsense):
    page = open_page(wait=None)
    give(page, nonsense)
    field = page.get_by_role("textbox", name="Token")
    expect(field).to_be_visible()
    expect(field).to_have_value("")
    give(page, make_token("writer"))
    expect(page.get_by_text("Live")).to_be_visible()


@pytest.mark.parametrize("auth", ["all"])
def test_the_form_for_a_token_is_as_high_as_its_content(open_page):
    page = open_page(wait=None)
    expect(page.get_by_role("textbox", name="Token")).to_be_visible()
    assert page.locator("#token-dialog").bounding_box()["height"] < 200


@pytest.mark.parametrize("auth", ["write"])
def test_a_token_is_asked_for_when_one_writes(open_page, make_token, server):
    page = open_page()
    expect(page.get_by_role("textbox", name="Token")).to_be_hidden()
    add(page, "mine")
    give(page, make_token("writer"))
    expect(entries(page)).to_have_count(1)
    assert len(server.request("GET", "/things")[2]) == 1


@pytest.mark.parametrize("auth", ["write"])
def test_cancelling_the_token_keeps_the_input(open_page):
    page = open_page()
    add(page, "mine")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("A token is required.")).to_be_visible()
    expect(page.get_by_role("textbox", name="New thing")).to_have_value("mine")


@pytest.mark.parametrize("auth", ["all"])
def test_with_a_read_only_token_nothing_that_writes_is_shown(open_page, make_token, server):
    writer = {"Authorization": f"Bearer {make_token('writer')}", "Content-Type": "application/json"}
    server.request("POST", "/things", {"text": "read me"}, writer)
    page = open_page(wait=None)
    give(page, make_token("reader", "--read-only"))
    expect(entries(page)).to_have_count(1)
    entries(page).hover()
    expect(page.get_by_role("button", name="Versions")).to_be_visible()
    for name in ("Edit", "Delete", "Import"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_role("textbox", name="New thing")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(entries(page).get_by_role("textbox")).to_have_count(0)


@pytest.mark.parametrize("auth", ["all"])
def test_an_export_sends_the_token(open_page, make_token):
    page = open_page(wait=None)
    give(page, make_token("writer"))
    add(page, "secret")
    expect(entries(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="NDJSON").click()
    assert "secret" in download.value.path().read_text()


@pytest.mark.parametrize("auth", ["all"])
def test_a_token_is_not_part_of_the_request_that_is_shown(open_page, make_token):
    page = open_page(wait=None)
    token = make_token("writer")
    give(page, token)
    expect(page.get_by_text("Live")).to_be_visible()
    page.get_by_role("button", name="Show the request").click()
    expect(page.locator("pre")).to_contain_text('-H "Authorization: Bearer $TOKEN"')
    assert token not in page.content()
