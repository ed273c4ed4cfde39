"""Input and output of `flask things import` in tests."""

import json

MOMENT = "2026-11-22T15:04:05.123456Z"
NAMES = "id,text,created_at,updated_at"

GOOD_CSV = f'{NAMES}\r\n1,x,{MOMENT},{MOMENT}\r\n2,"a\nb",{MOMENT},{MOMENT}\r\n'


def line(**fields):
    """Return a line of NDJSON."""
    thing = {"id": 7, "text": "x", "created_at": MOMENT, "updated_at": MOMENT} | fields
    return json.dumps({name: value for name, value in thing.items() if value is not ...}) + "\n"


def take(runner, data, kind="ndjson"):
    """Import data from standard input, and return the exit code, the tally and the error."""
    result = runner.invoke(args=["things", "import", "--format", kind, "-"], input=data)
    assert result.stdout == ""
    tally, _, error = result.stderr.partition("\n")
    assert error.count("\n") <= 1
    return result.exit_code, tally, error.strip()
