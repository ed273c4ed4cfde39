"""axe-core, on the page of each resource: light in a window, and dark on a phone."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import chromium, needs_chromium, watched

pytestmark = needs_chromium

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def axe(node):
    """Return axe-core's script."""
    return (node.parent / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def findings(axe):
    """Return a function that returns the rule, element and reason of each finding."""

    def findings(page):
        page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        page.evaluate(axe)
        violations = page.evaluate("axe.run().then((result) => result.violations)")
        return [
            (found["id"], node["html"], node["failureSummary"])
            for found in violations
            for node in found["nodes"]
        ]

    return findings


def open_everything(page):
    """Open a selection, a message, an editor with a conflict, and a problem."""
    entries = page.locator("#list > li")
    expect(entries).to_have_count(11)
    entries.nth(0).get_by_role("checkbox").check(force=True)
    entries.nth(1).focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    entries.nth(1).focus()
    page.keyboard.press("e")
    field = page.locator("#composer textarea").first
    field.fill("x" * 100_001)
    field.press("Enter")
    expect(page.get_by_text("Longer than maximum length").first).to_be_visible()
    field.evaluate("element => (element.value = 'too long')")


@pytest.mark.parametrize(
    ("scheme", "options"), [("light", {}), ("dark", PHONE)], ids=["window", "phone"]
)
@pytest.mark.parametrize("query", ["?q=thing+7", "?resource=notes&q=note+7"])
def test_axe_finds_nothing(server, findings, query, scheme, options):
    root = f"http://127.0.0.1:{server.port}"
    with chromium() as browser:
        context = browser.new_context(color_scheme=scheme, **options)
        page = watched(context.new_page(), root)
        page.goto(f"{root}/{query}")
        open_everything(page)
        assert findings(page) == []
        for name in ("Keys", "Trash", "Show the request"):
            page.get_by_role("button", name=name).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            assert findings(page) == []
            page.keyboard.press("Escape")
        assert page.foreign == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
