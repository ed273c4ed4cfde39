"""Turns: who gets which load when.

All systems run side by side, each on a fresh copy of its database; only one of them gets load at a
time, in turns, so that a machine that becomes slower does so for all. Idle ones take no time worth
speaking of, and a start before every turn would measure cold caches.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks import exports, journal, wrk
from benchmarks.checks import check
from benchmarks.fill import fill
from benchmarks.loads import COMMON, CONNECTIONS, LOADS, MANY, MILLION, OURS
from benchmarks.processes import Running
from benchmarks.systems import SYSTEMS

WARM_UP_SECONDS = 1
START = "start"

Measurement = dict[str, object]


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, flush=True)  # noqa: T201


class Bench:
    """A run: it measures some systems, with their databases in a folder."""

    def __init__(self, folder: Path, systems: list[str]):
        self.folder = folder
        self.systems = systems
        #: What each system printed as its database was made.
        self.printed: dict[str, str] = {}

    def filled(self, name: str, count: int) -> Path:
        """Return the folder of a database with this many things, made at the first call."""
        folder = self.folder / f"{name}-{count}"
        if not folder.exists():
            say(f"fill {name} with {count} things")
            self.printed[name] = fill(SYSTEMS[name], folder, count)
        return folder

    def start(self, name: str, count: int, *, journaled: bool = True) -> Running:
        """Start a system on a fresh copy of its database; of ours, perhaps without its journal."""
        folder = self.folder / "running" / (name if journaled else "unjournaled")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.filled(name, count), folder)
        if not journaled:
            journal.drop_triggers(folder)
        os.sync()  # lest the disk be busy with it when others write
        return Running(SYSTEMS[name], folder)

    def run(self, loads: list[str], rounds: int, seconds: int) -> Iterator[Measurement]:
        """Yield every measurement of these loads."""
        for name in COMMON:
            if name in loads:
                pairs = [(name, system) for system in self.systems]
                yield from self.turns(pairs, rounds, seconds)
        if "ours" in self.systems:
            pairs = [(name, "ours") for name in OURS if name in loads]
            yield from self.turns(pairs, rounds, seconds)
        if journal.JOURNAL in loads and "ours" in self.systems:
            yield from self.journaled(rounds, seconds)
        if exports.EXPORT in loads and "ours" in self.systems:
            with closing(self.start("ours", MILLION)) as running:
                folder = self.folder / "running" / "ours"
                yield from exports.measure(running, folder, rounds)
        if START in loads:
            yield from self.starts(rounds)

    def turns(
        self, pairs: list[tuple[str, str]], rounds: int, seconds: int
    ) -> Iterator[Measurement]:
        """Put loads on systems in turns, and yield each measurement."""
        running = {}
        with ExitStack() as stack:
            for name, system in pairs:
                if system not in running:
                    count = LOADS[name].count(SYSTEMS[system])
                    running[system] = stack.enter_context(closing(self.start(system, count)))
                check(running[system], name, LOADS[name])
            for connections in CONNECTIONS:
                for turn in range(rounds + 1):  # the first one is to warm up
                    for name, system in pairs:
                        found = wrk.measure(
                            running[system],
                            LOADS[name],
                            connections,
                            seconds=seconds if turn else WARM_UP_SECONDS,
                            seed=100 * connections + turn,
                        )
                        what = {"load": name, "connections": connections, "system": system}
                        if turn:
                            yield what | found

    def journaled(self, rounds: int, seconds: int) -> Iterator[Measurement]:
        """Put writes on ours with its journal and without, and yield each measurement."""
        with (
            closing(self.start("ours", MANY)) as journaled,
            closing(self.start("ours", MANY, journaled=False)) as unjournaled,
        ):
            running = {journal.WITH: journaled, journal.WITHOUT: unjournaled}
            yield from journal.measure(running, rounds, seconds, WARM_UP_SECONDS)

    def starts(self, rounds: int) -> Iterator[Measurement]:
        """Start all systems in turns with nothing, ours also with a million; yield the times."""
        turns = [(system, 0) for system in self.systems]
        turns += [("ours", MILLION)] if "ours" in self.systems else []
        for _ in range(rounds):
            for system, count in turns:
                with closing(self.start(system, count)) as running:
                    seconds = round(running.start_seconds, 3)
                yield {"load": START, "things": count, "system": system, "seconds": seconds}
