"""How long an export of a million things takes: over HTTP, and by command."""

import http.client
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.fill import environment
from benchmarks.loads import MILLION
from benchmarks.processes import Running
from benchmarks.systems import BIN

EXPORT = "export"
PATHS = ("/things.ndjson", "/things.csv")
COMMAND = "flask things export"
READ_BYTES = 1 << 20


def measure(running: Running, folder: Path, rounds: int) -> Iterator[dict[str, object]]:
    """Export everything in each way in turns, and yield each measurement."""
    for _ in range(rounds):
        for path in PATHS:
            yield _found(path, *_timed(_request, running, path))
        yield _found(COMMAND, *_timed(_command, folder))


def _found(way: str, seconds: float, lines: int) -> dict[str, object]:
    if lines not in (MILLION, MILLION + 1):  # CSV has a line with the names
        raise AssertionError(f"{way} has {lines} lines")
    return {"load": EXPORT, "system": "ours", "way": way, "seconds": round(seconds, 2)}


def _timed(export: Callable[..., int], *arguments: Any) -> tuple[float, int]:
    started = perf_counter()
    lines = export(*arguments)
    return perf_counter() - started, lines


def _request(running: Running, path: str) -> int:
    """Return the number of lines of an export."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    lines = 0
    while data := response.read(READ_BYTES):
        lines += data.count(b"\n")
    connection.close()
    return lines


def _command(folder: Path) -> int:
    command = [f"{BIN}/flask", "--app", "flask_things", *COMMAND.split()[1:], "export.ndjson"]
    subprocess.run(command, cwd=folder, env=environment(), check=True)
    with (folder / "export.ndjson").open("rb") as file:
        return sum(1 for _ in file)
