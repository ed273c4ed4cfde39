"""`flask things export` and `import`: things move as they are, and a bad line is named."""

import codecs
import json

import pytest

from flask_things import create_app
from flask_things.db.session import db
from tests.support.things import create_things

TEXTS = [
    "plain", 'a "quoted" one', "a, b", "line\nfeed", "carriage\rreturn", "both\r\n", "", " spaces ",
    "\ttab", "=1+1", "ÄPFEL 🍏", "'", "\u2028\u0085\ufeff", "\\n", ";", "ä" * 100_000, '"' * 65_000,
]  # fmt: skip

KINDS = ["ndjson", "csv"]
MOMENT = "2026-11-22T15:04:05.123456Z"
NAMES = "id,text,created_at,updated_at"


@pytest.fixture
def things(app, client):
    """Return things with texts that are easily broken; the last has been changed, one is gone."""
    with app.app_context():
        create_things(db.session, [{"text": text} for text in ["gone", *TEXTS, "before"]])
    client.delete("/things/1")
    client.put(f"/things/{len(TEXTS) + 2}", json={"text": "after"})
    return client.get("/things").json


@pytest.fixture
def other(tmp_path):
    """Return another application, whose database is not there yet."""
    app = create_app({"THINGS_DATABASE_URL": f"sqlite:///{tmp_path}/other.sqlite3"})
    yield app
    with app.app_context():
        db.engine.dispose()


def line(**fields):
    """Return a line of NDJSON."""
    thing = {"id": 7, "text": "x", "created_at": MOMENT, "updated_at": MOMENT} | fields
    return json.dumps({name: value for name, value in thing.items() if value is not ...}) + "\n"


def take(runner, data, kind="ndjson"):
    """Import data from standard input; return the exit code, the tally and the error."""
    result = runner.invoke(args=["things", "import", "--format", kind, "-"], input=data)
    assert result.stdout == ""
    tally, _, error = result.stderr.partition("\n")
    assert error.count("\n") <= 1
    return result.exit_code, tally, error.strip()


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_what_the_server_answers(client, runner, things, tmp_path, kind):
    file = tmp_path / f"things.{kind}"
    result = runner.invoke(args=["things", "export", str(file)])
    assert (result.exit_code, result.output) == (0, "")
    assert file.read_bytes() == client.get(f"/things.{kind}").data
    piped = runner.invoke(args=["things", "export", "--format", kind, "-"])
    assert piped.stdout_bytes == file.read_bytes()


def test_what_is_imported_is_found_and_its_ids_are_not_given_again(runner, client):
    assert take(runner, line(id=500, text="ÄPFEL"))[0] == 0
    assert [thing["id"] for thing in client.get("/things?q=äpf").json] == [500]
    assert client.post("/things", json={"text": "new"}).json["id"] == 501


def test_one_that_is_there_twice_in_a_file_is_stored_once(runner, client):
    data = line(id=1) + line(id=2) + line(id=1)
    assert take(runner, data) == (0, "2 stored, 1 already there.", "")


def test_moments_are_the_same_whatever_their_offset(runner, client):
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
    assert error.startswith("Error: Line 4: There is another thing with the id 7. The lines before")
    assert [thing["id"] for thing in client.get("/things").json] == [1, 7, 8]
    assert client.get("/things/7").json["text"] == "x"


BAD_NDJSON = {
    "not JSON": ("{", "Not JSON: Expecting property name"),
    "a list": ("[]", "Invalid input type."),
    "a number": ("1", "Invalid input type."),
    "NaN": (line(id=float("nan")), "Not JSON that can be read: NaN is no number."),
    "too many digits": (line().replace("7", "7" * 5000), "Not JSON that can be read: Exceeds"),
    "nested": ('{"id": ' + "[" * 200_000, "Nested too deep."),
    "a field twice": ('{"id": 7, "id": 7}', "Not JSON that can be read: A field stands"),
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
    "no offset": (line(created_at="2026-11-22T15:04:05"), "created_at: Not an RFC"),
    "no time": (line(created_at="2026-11-22"), "created_at: Not an RFC"),
    "no digits": (line(updated_at="2026-11-22T15:04:05.Z"), "updated_at: Not an RFC"),
    "no such day": (line(updated_at="2026-02-30T15:04:05Z"), "updated_at: Not an RFC"),
    "before the first": (line(updated_at="0001-01-01T00:00:00+01:00"), "updated_at: Not an RFC"),
    "time as number": (line(updated_at=5), "updated_at: Not an RFC"),
    "not UTF-8": (b'{"id": 7, "text": "\xff"}', "Not UTF-8 at byte 20."),
    "too long": ("x" * 3_000_000, "Longer than 2097152 bytes."),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_NDJSON)
def test_a_bad_line_of_ndjson_is_named_and_what_comes_before_is_stored(runner, client, case):
    bad, reason = BAD_NDJSON[case]
    bad = bad if isinstance(bad, bytes) else bad.encode()
    code, tally, error = take(runner, (line(id=1) + line(id=2)).encode() + bad)
    assert (code, tally) == (1, "2 stored, 0 already there.")
    assert error.startswith(f"Error: Line 3: {reason}")
    assert error.endswith("The lines before it are stored: correct it and import again.")
    assert len(client.get("/things").json) == 2


GOOD_CSV = f'{NAMES}\r\n1,x,{MOMENT},{MOMENT}\r\n2,"a\nb",{MOMENT},{MOMENT}\r\n'

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
def test_a_bad_record_of_csv_is_named_and_what_comes_before_is_stored(runner, client, case):
    """It is named by the line where it begins, as a text editor counts."""
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
    assert error.startswith(f"Error: Line 1: It must name the fields: {NAMES} ({separators}).")


@pytest.mark.parametrize(("kind", "data"), [("ndjson", line() + line(id=8)), ("csv", GOOD_CSV)])
def test_an_empty_line_is_none(app, runner, kind, data):
    assert take(runner, f"{data}\n\n", kind) == (0, "2 stored, 0 already there.", "")


def test_the_fields_of_csv_may_come_in_any_order(runner, client):
    data = f"updated_at,text,id,created_at\n{MOMENT},x,7,{MOMENT}"
    assert take(runner, data, "csv") == (0, "1 stored, 0 already there.", "")
    assert client.get("/things/7").json["text"] == "x"


@pytest.mark.parametrize(("kind", "data"), [("ndjson", line() + line(id=8)), ("csv", GOOD_CSV)])
def test_a_byte_order_mark_is_skipped(app, runner, kind, data):
    """Every spreadsheet writes one."""
    data = codecs.BOM_UTF8 + data.encode()
    assert take(runner, data, kind) == (0, "2 stored, 0 already there.", "")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_csv_may_be_separated_by_what_spreadsheets_write(client, runner, separator):
    """A comma is an ordinary character then."""
    rows = [NAMES.split(","), ["7", '"a, b"', MOMENT, MOMENT], ["8", "a, b", MOMENT, MOMENT]]
    data = "".join(separator.join(row) + "\r\n" for row in rows)
    assert take(runner, data, "csv") == (0, "2 stored, 0 already there.", "")
    assert [thing["text"] for thing in client.get("/things").json] == ["a, b", "a, b"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("kind", "data"), [("ndjson", line()), ("csv", GOOD_CSV)])
def test_utf_16_is_named(runner, kind, data, encoding):
    """Spreadsheets call it "Unicode text"; PowerShell writes it to every file."""
    code, _, error = take(runner, data.encode(encoding), kind)
    assert code == 1
    assert error.startswith("Error: Line 1: This is UTF-16")


def test_ndjson_may_have_lines_that_end_as_on_windows(app, runner):
    data = (line() + line(id=8)).replace("\n", "\r\n")
    assert take(runner, data) == (0, "2 stored, 0 already there.", "")


def test_an_import_that_cannot_write_says_what_it_has_stored(short_wait, lock, app, runner):
    lock()
    code, tally, error = take(runner, line())
    assert (code, tally) == (1, "0 stored, 0 already there.")
    assert "lock" in error


def test_an_export_without_a_database_makes_none(other, tmp_path):
    result = other.test_cli_runner().invoke(args=["things", "export", "-"])
    assert result.exit_code == 1
    assert result.output == f"Error: {tmp_path}/other.sqlite3: There is no database.\n"
    assert not (tmp_path / "other.sqlite3").exists()


@pytest.mark.parametrize("what", ["things", "tokens"])
def test_an_export_of_what_is_no_database_names_it(other, tmp_path, what):
    file = tmp_path / "other.sqlite3"
    file.write_bytes(b"a diary" * 1000)
    result = other.test_cli_runner().invoke(args=[what, "export", "-"])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: THINGS_DATABASE_URL: sqlite:///{file}: It is not a")
    assert result.output.count("\n") == 1


def test_an_export_of_an_old_schema_is_refused(app, connection, runner):
    connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.commit()
    result = runner.invoke(args=["things", "export", "-"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: The schema is not of this version: start the server once.\n"


@pytest.mark.parametrize("command", ["export", "import"])
def test_a_file_that_is_not_there_is_named(app, runner, tmp_path, command):
    result = runner.invoke(args=["things", command, str(tmp_path / "missing/file")])
    assert result.exit_code == 1
    assert result.stderr.endswith(f"Error: {tmp_path}/missing/file: No such file or directory\n")


def test_an_export_that_fails_leaves_the_one_before(monkeypatch, app, client, runner, tmp_path):
    client.post("/things", json={"text": "x"})

    def fail(*_):
        yield "half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("flask_things.resource.transfer.exports.ndjson_lines", fail)
    (tmp_path / "before").write_text("whole")
    result = runner.invoke(args=["things", "export", str(tmp_path / "before")])
    assert (result.exit_code, result.output) == (1, "Error: No space left on device\n")
    assert (tmp_path / "before").read_text() == "whole"
    assert {path.name for path in tmp_path.iterdir()} <= {"before", "data"}
