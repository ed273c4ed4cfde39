"""`flask things import`: valid files in all variants."""

import codecs
import json

import pytest

from tests.support.transfer import GOOD_CSV, MOMENT, NAMES, line, take


def test_imported_rows_are_found_and_their_ids_are_not_reused(runner, client):
    assert take(runner, line(id=500, text="ÄPFEL"))[0] == 0
    assert [thing["id"] for thing in client.get("/things?q=äpf").json] == [500]
    assert client.post("/things", json={"text": "new"}).json["id"] == 501


def test_one_that_is_there_twice_in_a_file_is_stored_once(runner, client):
    data = line(id=1) + line(id=2) + line(id=1)
    assert take(runner, data) == (0, "2 stored, 1 already there.", "")


def test_timestamps_are_equal_in_any_offset(runner, client):
    data = line() + line(created_at="2026-11-22T16:34:05.123456+01:30")
    assert take(runner, data) == (0, "1 stored, 1 already there.", "")
    assert client.get("/things/7").json["created_at"] == MOMENT


@pytest.mark.parametrize("digits", ["1234567", "123456789", "123456" + "9" * 30])
def test_of_a_fraction_microseconds_are_kept(runner, client, digits):
    """Other systems write nanoseconds."""
    data = line(updated_at=f"2026-11-22T15:04:05.{digits}Z") + line()
    assert take(runner, data) == (0, "1 stored, 1 already there.", "")
    assert client.get("/things/7").json["updated_at"] == MOMENT


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_moment_come_back(runner, client, moment):
    assert take(runner, line(created_at=moment, updated_at=moment))[0] == 0
    exported = client.get("/things/7").json
    assert exported["created_at"].startswith(moment.removesuffix("Z"))
    assert take(runner, json.dumps(exported)) == (0, "0 stored, 1 already there.", "")


@pytest.mark.parametrize(("kind", "data"), [("ndjson", line() + line(id=8)), ("csv", GOOD_CSV)])
def test_empty_lines_are_skipped(app, runner, kind, data):
    assert take(runner, f"{data}\n\n", kind) == (0, "2 stored, 0 already there.", "")


def test_the_fields_of_csv_may_come_in_any_order(runner, client):
    data = f"updated_at,text,id,created_at\n{MOMENT},x,7,{MOMENT}"
    assert take(runner, data, "csv") == (0, "1 stored, 0 already there.", "")
    assert client.get("/things/7").json["text"] == "x"


@pytest.mark.parametrize(("kind", "data"), [("ndjson", line() + line(id=8)), ("csv", GOOD_CSV)])
def test_a_byte_order_mark_is_skipped(app, runner, kind, data):
    """Spreadsheets write one."""
    data = codecs.BOM_UTF8 + data.encode()
    assert take(runner, data, kind) == (0, "2 stored, 0 already there.", "")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_csv_may_have_the_separators_of_spreadsheets(client, runner, separator):
    """A comma is then an ordinary character."""
    rows = [NAMES.split(","), ["7", '"a, b"', MOMENT, MOMENT], ["8", "a, b", MOMENT, MOMENT]]
    data = "".join(separator.join(row) + "\r\n" for row in rows)
    assert take(runner, data, "csv") == (0, "2 stored, 0 already there.", "")
    assert [thing["text"] for thing in client.get("/things").json] == ["a, b", "a, b"]


def test_ndjson_may_have_lines_that_end_as_on_windows(app, runner):
    data = (line() + line(id=8)).replace("\n", "\r\n")
    assert take(runner, data) == (0, "2 stored, 0 already there.", "")


def test_an_import_that_cannot_write_prints_its_tally(short_wait, lock, app, runner):
    lock()
    code, tally, error = take(runner, line())
    assert (code, tally) == (1, "0 stored, 0 already there.")
    assert "lock" in error
