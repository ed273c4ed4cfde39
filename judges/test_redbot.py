"""redbot, on the responses of the real server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PATHS = ["/things", "/things/1", "/openapi.json", "/docs", "/things.csv", "/things.ndjson"]
PATHS += [path.replace("thing", "note") for path in PATHS if "thing" in path]


@pytest.mark.parametrize("path", PATHS)
def test_redbot_has_no_bad_note_and_no_warning(shared, path):
    run = subprocess.run(
        [
            Path(sys.executable).with_name("redbot"),
            *("--output-format", "har", f"http://127.0.0.1:{shared.port}{path}"),
        ],
        capture_output=True,
        text=True,
    )
    [entry] = json.loads(run.stdout)["log"]["entries"]
    notes = {note["note_id"]: note["level"] for note in entry["_red_messages"]}
    assert entry["response"]["status"] == 200
    assert notes["DATE_CORRECT"] == "GOOD"
    assert {name: level for name, level in notes.items() if level not in ("GOOD", "INFO")} == {}
