"""Chromium without its background requests."""

import os
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium")

needs_chromium = pytest.mark.skipif(
    not CHROMIUM and "CI" not in os.environ, reason="there is no chromium on this machine"
)

# Without these, Chromium calls its vendor's hosts.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def chromium():
    """Run a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def watched(page, root):
    """Record a page's requests to other hosts and its errors, and return the page."""
    page.foreign, page.errors = [], []
    page.on("console", lambda message: page.errors.append(message.text))
    page.on("pageerror", lambda error: page.errors.append(str(error)))

    def note(request):
        if not request.url.startswith(f"{root}/"):
            page.foreign.append(request.url)

    page.on("request", note)
    return page
