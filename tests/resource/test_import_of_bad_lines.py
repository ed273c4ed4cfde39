"""`flask things import`: a bad line is reported, and the lines before it are stored."""

import pytest

from tests.support.transfer import GOOD_CSV, MOMENT, NAMES, line, take


@pytest.mark.parametrize(
    "fields", [{"text": "other"}, {"created_at": "2026-11-22T15:04:05Z"}], ids=["text", "time"]
)
@pytest.mark.parametrize("where", ["in the database", "in the file"])
def test_another_thing_with_the_same_id_ends_it(runner, client, fields, where):
    data = line(id=1) + line()
    if where == "in the database":
        take(runner, data)
    code, tally, error = take(runner, data + line(id=8) + line(**fields) + line(id=9))
    assert code == 1
    expected = "1 stored, 2" if where == "in the database" else "3 stored, 0"
    assert tally == f"{expected} already there."
    assert error.startswith("Error: Line 4: Another thing has the id 7. The lines before")
    assert [thing["id"] for thing in client.get("/things").json] == [1, 7, 8]
    assert client.get("/things/7").json["text"] == "x"


BAD_NDJSON = {
    "not JSON": ("{", "Not JSON: Expecting property name"),
    "a list": ("[]", "Invalid input type."),
    "a number": ("1", "Invalid input type."),
    "NaN": (line(id=float("nan")), "Invalid JSON: NaN is not a number."),
    "too many digits": (line().replace("7", "7" * 5000), "Invalid JSON: Exceeds"),
    "nested": ('{"id": ' + "[" * 200_000, "Nested too deeply."),
    "a field twice": ('{"id": 7, "id": 7}', "Invalid JSON: A field is repeated"),
    "no text": (line(text=...), "text: Missing data for required field."),
    "unknown": (line(colour="red"), "colour: Unknown field."),
    "id as text": (line(id="7"), "id: Not a valid integer."),
    "id as fraction": (line(id=7.0), "id: Not a valid integer."),
    "id as truth": (line(id=True), "id: Not a valid integer."),
    "no id": (line(id=0), "id: Must be at least 1."),
    "id over": (line(id=2**63), "id: Must be at most 9000000000000000000."),
    "text null": (line(text=None), "text: Field may not be null."),
    "text number": (line(text=5), "text: Not a valid string."),
    "text too long": (line(text="x" * 100_001), "text: Longer than maximum length 100000."),
    "U+0000": (line(text="a\x00"), "text: Must not contain U+0000"),
    "surrogate": (line(text="\ud800"), "text: Must not contain U+0000"),
    "no offset": (line(created_at="2026-11-22T15:04:05"), "created_at: Must be an"),
    "no time": (line(created_at="2026-11-22"), "created_at: Must be an"),
    "no digits": (line(updated_at="2026-11-22T15:04:05.Z"), "updated_at: Must be an"),
    "no such day": (line(updated_at="2026-02-30T15:04:05Z"), "updated_at: Must be an"),
    "before the first": (line(updated_at="0001-01-01T00:00:00+01:00"), "updated_at: Must be an"),
    "time as number": (line(updated_at=5), "updated_at: Must be an"),
    "not UTF-8": (b'{"id": 7, "text": "\xff"}', "Not UTF-8 at byte 20."),
    "too long": ("x" * 3_000_000, "Longer than 2097152 bytes."),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_NDJSON)
def test_a_bad_line_of_ndjson_is_reported_and_the_lines_before_are_stored(runner, client, case):
    bad, reason = BAD_NDJSON[case]
    bad = bad if isinstance(bad, bytes) else bad.encode()
    code, tally, error = take(runner, (line(id=1) + line(id=2)).encode() + bad)
    assert (code, tally) == (1, "2 stored, 0 already there.")
    assert error.startswith(f"Error: Line 3: {reason}")
    assert error.endswith("The lines before it are stored. Correct it and import again.")
    assert len(client.get("/things").json) == 2


BAD_CSV = {
    "too few": ("3,x\r\n", "Has 2 fields, not 4."),
    "too many": (f"3,x,y,{MOMENT},{MOMENT}\r\n", "Has 5 fields, not 4."),
    "id": (f"x,x,{MOMENT},{MOMENT}\r\n", "id: Not a valid integer."),
    "id with a zero": (f"03,x,{MOMENT},{MOMENT}\r\n", "id: Not a valid integer."),
    "open": (f'3,"x,{MOMENT},{MOMENT}\r\n', "Not CSV: unexpected end of data."),
    "after a quote": (f'3,"x"y,{MOMENT},{MOMENT}\r\n', "Not CSV: "),
    "open for long": ('3,"' + "x\n" * 100_000, "Not CSV: unexpected end of data."),
    "endless": ('3,"' + '\n","' * 600_000, "Longer than 2097152 characters."),
    "lone CR": (f"3,a\rb,{MOMENT},{MOMENT}\r\n", "Not CSV: "),
    "not UTF-8": (f"3,\xff,{MOMENT},{MOMENT}\r\n".encode("latin-1"), "Not UTF-8 at byte 3."),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_a_bad_record_of_csv_is_reported_and_the_lines_before_are_stored(runner, client, case):
    """The line number is that of its first line, as in a text editor."""
    bad, reason = BAD_CSV[case]
    bad = bad if isinstance(bad, bytes) else bad.encode()
    code, tally, error = take(runner, GOOD_CSV.encode() + bad, "csv")
    assert (code, tally) == (1, "2 stored, 0 already there.")
    assert error.startswith(f"Error: Line 5: {reason}")
    assert len(client.get("/things").json) == 2


@pytest.mark.parametrize(
    "header",
    [
        *("", "id,text", f"{NAMES},x", f"{NAMES},id", NAMES.upper(), f"1,x,{MOMENT},{MOMENT}"),
        *(NAMES.replace(",", "|"), NAMES.replace(",", ";", 1)),
    ],
)
def test_csv_must_name_its_fields(runner, header):
    code, _, error = take(runner, header, "csv")
    assert code == 1
    separators = "separated by commas, semicolons or tabs"
    assert error.startswith(
        f"Error: Line 1: The header must name the fields: {NAMES} ({separators})."
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("kind", "data"), [("ndjson", line()), ("csv", GOOD_CSV)])
def test_utf_16_is_reported(runner, kind, data, encoding):
    """Spreadsheets call it "Unicode text"; PowerShell writes it to every file."""
    code, _, error = take(runner, data.encode(encoding), kind)
    assert code == 1
    assert error.startswith("Error: Line 1: The file is UTF-16")
