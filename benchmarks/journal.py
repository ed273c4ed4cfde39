"""What the journal costs a write: ours as it is, and without the triggers that fill the journal."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks import wrk
from benchmarks.figures import Results, ratio
from benchmarks.loads import CONNECTIONS, LOADS, MANY, Load
from benchmarks.processes import Running
from benchmarks.systems import SYSTEMS
from benchmarks.tables import table
from flask_things.db.sqlite.file import sqlite3

JOURNAL = "journal"
WITH, WITHOUT = "ours", "ours without its journal"
WRITES = {
    "POST": LOADS["post"],
    "PUT": LOADS["put"],
    "DELETE": Load("DELETE", write="remove", reads_percent=0),
}

FIELDS = {"per_second": "requests a second", "cpu_seconds_per_1000": "processor seconds"}

TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'thing_journal*'"

SECTION = """

## What the journal costs a write

What was measured with the journal, divided by the same without the triggers that fill it.

{table}"""


def drop_triggers(folder: Path) -> None:
    """Let nothing fill the journal of the database in a folder, except with what is no thing."""
    with closing(sqlite3.connect(folder / SYSTEMS["ours"].database)) as connection, connection:
        for (name,) in connection.execute(TRIGGERS).fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')


def measure(
    running: dict[str, Running], rounds: int, seconds: int, warm_up_seconds: int
) -> Iterator[dict[str, object]]:
    """Put each write on both in turns, and yield each measurement."""
    turns = [(number, turn) for number in CONNECTIONS for turn in range(rounds + 1)]
    for write, load in WRITES.items():
        for place, (connections, turn) in enumerate(turns):
            for system, server in running.items():
                found = wrk.measure(
                    server,
                    load,
                    connections,
                    seconds=seconds if turn else warm_up_seconds,
                    seed=100 * connections + turn,
                    first_id=1 + place * MANY // len(turns),  # so that none is deleted twice
                )
                what = {"load": JOURNAL, "write": write, "connections": connections}
                if turn:
                    yield what | {"system": system} | found


def section(results: Results) -> str:
    """Return the page's section; nothing, if that was not measured."""
    rows = []
    for write in WRITES:
        for connections in CONNECTIONS:
            where = {"load": JOURNAL, "write": write, "connections": connections}
            pair = [{**where, "system": system} for system in (WITH, WITHOUT)]
            found = [ratio(results, field, *pair) for field in FIELDS]
            if None not in found:
                rows.append([write, connections, *found])
    return SECTION.format(table=table(["write", "connections", *FIELDS.values()], rows)) * bool(
        rows
    )
