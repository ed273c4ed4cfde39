"""Spectral, on the OpenAPI document."""

import json
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).parent


def findings(node, openapi, ruleset):
    """Return the rule and location of each finding."""
    run = subprocess.run(
        [node / "spectral", "lint", openapi, "--ruleset", HERE / ruleset, "--format", "json"],
        capture_output=True,
        text=True,
    )
    found, _ = json.JSONDecoder().raw_decode(run.stdout)  # a word may follow it
    return [(item["code"], ".".join(map(str, item["path"]))) for item in found]


def test_the_openapi_rules_find_nothing(node, openapi):
    assert findings(node, openapi, "spectral.yaml") == []


def test_what_the_owasp_rules_find_is_explained_one_by_one(node, openapi):
    found = findings(node, openapi, "spectral-owasp.yaml")
    text = (HERE / "owasp.md").read_text()
    rows = re.findall(r"^\| (api\S+) \| `(.+?)` \| .+ \|$", text, re.MULTILINE)
    met = {
        row: [
            (rule, place)
            for rule, place in found
            if rule == f"owasp:{row[0]}" and fnmatchcase(place, row[1])
        ]
        for row in rows
    }
    assert [row for row in rows if not met[row]] == []
    explained = {finding for findings in met.values() for finding in findings}
    assert sorted(set(found) - explained) == []
    assert len(found) > 10
