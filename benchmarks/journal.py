"""What the journal costs a write: ours as it is, and without the triggers that fill the journal."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks import wrk
from benchmarks.loads import CONNECTIONS, LOADS, MANY, Load
from benchmarks.processes import Running
from benchmarks.systems import SYSTEMS
from flask_things.db.sqlite.file import sqlite3

JOURNAL = "journal"
WITH, WITHOUT = "ours", "ours without its journal"
WRITES = {
    "POST": LOADS["post"],
    "PUT": LOADS["put"],
    "DELETE": Load("DELETE", write="remove", reads_percent=0),
}

TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'thing_journal*'"


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
