"""`make pictures`: takes pictures of the page and /docs, with the content of `make demo`."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).parents[1]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


def take(browser: Browser, root: str) -> None:
    """Take the pictures of a service."""
    size = {"width": 1000, "height": 760}
    page = browser.new_page(viewport=size, device_scale_factor=1.5)
    page.goto(f"{root}/")
    expect(page.get_by_text("Live")).to_be_visible()
    page.get_by_role("listitem").nth(2).hover()
    page.wait_for_timeout(500)  # the buttons fade in
    page.screenshot(path=ROOT / "docs" / "page.png")
    page.set_viewport_size({"width": 1100, "height": 760})
    page.goto(f"{root}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".opblock-tag-section").first.evaluate("section => section.scrollIntoView()")
    page.wait_for_timeout(500)
    page.screenshot(path=ROOT / "docs" / "swagger-ui.png")


def main() -> None:
    """Start a service with a new database, fill it, take the pictures and stop it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/db.sqlite3"
        environ = os.environ | {"PORT": port, "THINGS_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen([sys.executable, "-m", "flask_things"], cwd=folder, env=environ)
        try:
            ready = ["curl", "--silent", "--fail", "--retry", "50", "--retry-delay", "1"]
            ready += ["--retry-all-errors", "--output", "/dev/null"]
            subprocess.run([*ready, f"http://127.0.0.1:{port}/readyz"], check=True)
            subprocess.run([sys.executable, ROOT / "tools" / "demo.py"], env=environ, check=True)
            with sync_playwright() as playwright:
                options = {"executable_path": shutil.which("chromium"), "args": QUIET}
                browser = playwright.chromium.launch(**options)
                take(browser, f"http://127.0.0.1:{port}")
                browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
