"""The page: importing dropped or chosen files."""

import json

import pytest
from playwright.sync_api import expect

from tests.support.browser import needs_chromium
from tests.web.test_page_list import entries

pytestmark = [needs_chromium, pytest.mark.sqlite]


def choose(page, name, content):
    """Choose a file, and return the dialog of its import."""
    file = {"name": name, "mimeType": "text/plain", "buffer": content.encode()}
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import").click()
    chooser.value.set_files(file)
    return page.get_by_role("dialog", name=f"Import {name}")


def texts(server):
    """Return the first 1000 texts on the server."""
    return [thing["text"] for thing in server.request("GET", "/things?limit=1000")[2]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "a\n\n  b, c\r\né"),
        ("a.ndjson", '{"text":"a","id":7}\n{"text":"  b, c"}\n\n{"text":"é"}'),
        ("a.csv", 'id,text\n7,a\n8,"  b, c"\n9,é\n'),
        ("a.csv", "\ufefftext\r\na\r\n  b, c\r\né".replace("  b, c", '"  b, c"')),
        ("a.csv", "created_at;text\n;a\n;  b, c\n;é\n"),
    ],
)
def test_each_kind_of_file_is_read(open_page, server, name, content):
    page = open_page()
    expect(choose(page, name, content).get_by_text("3 things stored.")).to_be_visible()
    assert texts(server) == ["a", "  b, c", "é"]
    page.keyboard.press("Escape")
    expect(entries(page)).to_have_count(3)
    assert page.errors == []


def test_quotes_and_line_breaks_of_csv_are_read(open_page, server):
    page = open_page()
    content = 'text\n"say ""hi""\nthen, go"\n""\nlast'
    expect(choose(page, "a.csv", content).get_by_text("3 things stored.")).to_be_visible()
    assert texts(server) == ['say "hi"\nthen, go', "", "last"]


def test_a_large_file_is_sent_in_pieces_with_keys(open_page, server):
    page = open_page()
    keys = set()

    def note(request):
        if request.method == "POST":
            keys.add(request.headers["idempotency-key"])

    page.on("request", note)
    dialog = choose(page, "a.txt", "\n".join(map(str, range(1200))))
    expect(dialog.get_by_text("1,200 things stored.")).to_be_visible()
    assert len(keys) == 3
    assert server.request("GET", "/things?total=true")[1]["X-Total-Count"] == "1200"


def test_an_error_shows_its_line_and_the_number_stored_before(open_page, server):
    page = open_page()
    lines = [json.dumps({"text": str(number)}) for number in range(600)]
    lines[550] = '{"text": 5}'
    dialog = choose(page, "a.ndjson", "\n".join(lines))
    expect(dialog.get_by_text("Line 551: text: Not a valid string. 500 things")).to_be_visible()
    assert len(texts(server)) == 500


def test_a_quote_out_of_place_loses_no_line_silently(open_page, server):
    page = open_page()
    dialog = choose(page, "a.csv", 'text\na\n"b\nc')
    expect(dialog.get_by_text("Line 3: A quote is not closed.")).to_be_visible()
    assert texts(server) == []


def test_other_encodings_and_unknown_files_are_rejected(open_page):
    page = open_page()
    dialog = choose(page, "a.pdf", "x")
    expect(dialog.get_by_text("The file must be .txt, .csv or .ndjson.")).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import").click()
    chooser.value.set_files({"name": "b.txt", "mimeType": "text/plain", "buffer": b"\xe9\xff"})
    expect(page.get_by_text("The file is not UTF-8.")).to_be_visible()


def test_a_file_is_dropped_anywhere(open_page, server):
    page = open_page()
    transfer = page.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["dropped"], "a.txt"));
          return transfer;
        }"""
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    expect(page.get_by_role("dialog").get_by_text("1 thing stored.")).to_be_visible()
    assert texts(server) == ["dropped"]
