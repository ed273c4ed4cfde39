"""What the systems are filled with: the same texts for all."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.systems import BIN, PEERS, System
from flask_things.db.sqlite.file import sqlite3
from tests.support.server import clean_environ

WORDS = (
    *("almond", "apricot", "banana", "basil", "bread", "butter", "carrot", "celery", "cheese"),
    *("cherry", "chicory", "cumin", "fennel", "garlic", "ginger", "hazelnut", "honey", "lemon"),
    *("lentil", "lettuce", "mango", "millet", "mustard", "nutmeg", "olive", "onion", "orange"),
    *("papaya", "parsley", "peach", "pepper", "potato", "radish", "saffron", "sesame", "tomato"),
)
#: In each text, which of the words depends on the id.
PICKS = 4


def text_of(thing_id: int) -> str:
    """Return the text of a thing: 40 to 60 characters."""
    picked = [WORDS[thing_id // len(WORDS) ** place % len(WORDS)] for place in range(PICKS)]
    return f"thing {thing_id} lorem ipsum {' '.join(picked)}"


def rows(count: int) -> Iterator[dict[str, object]]:
    """Return things, of which one comes a second after the other."""
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for thing_id in range(1, count + 1):
        moment = datetime.fromtimestamp(start + thing_id, UTC)
        yield {
            "id": thing_id,
            "text": text_of(thing_id),
            "moment": f"{moment:%Y-%m-%d %H:%M:%S}.{thing_id % 1000:03}000",
        }


def environment() -> dict[str, str]:
    """Return the environment of every system: nothing is set, and the peers are found."""
    return clean_environ() | {"PYTHONPATH": str(PEERS)}


def fill(system: System, folder: Path, count: int) -> str:
    """Make a system's database in a folder, with this many things; return what that printed."""
    folder.mkdir(parents=True)
    printed = ""
    for command in system.prepare:
        printed += subprocess.run(
            shlex.split(command.format(bin=BIN)),
            cwd=folder,
            env=environment(),
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ).stdout
    with closing(sqlite3.connect(folder / system.database)) as connection, connection:
        connection.executemany(system.insert, rows(count))
    return printed
