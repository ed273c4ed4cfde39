"""What was to be reached, and what was."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figures import Results, against, figure, largest, ratio, short
from benchmarks.loads import CONNECTIONS, LOADS, MILLION
from benchmarks.systems import SYSTEMS

SPEED, LATENCY = "per_second", "p99_ms"
DEPTH, START, MEMORY = "depth", "start", "memory"

#: What a median of ours, divided by a peer's, must be at least; or at most, where less is better.
#: By the field, the load and the peer, or by a name of its own.
TARGETS: dict[tuple[str, ...], float] = {
    (SPEED, "get_same", "tutorial"): 6,
    (SPEED, "get_same", "pocketbase"): 1.1,
    (SPEED, "get_same", "bare"): 0.85,
    (SPEED, "get_random", "tutorial"): 2.5,
    (SPEED, "get_random", "pocketbase"): 0.5,
    (SPEED, "list", "tutorial"): 12,
    (SPEED, "list", "pocketbase"): 4,
    (SPEED, "post", "tutorial"): 5,
    (SPEED, "post", "pocketbase"): 0.5,
    (SPEED, "put", "tutorial"): 2.5,
    (SPEED, "put", "pocketbase"): 0.5,
    (SPEED, "mix", "tutorial"): 3,
    (SPEED, "mix", "pocketbase"): 0.6,
    (SPEED, "hot_mix", "tutorial"): 3,
    (SPEED, "hot_mix", "pocketbase"): 0.6,
    (LATENCY, "get_same", "tutorial"): 1,
    (LATENCY, "get_random", "tutorial"): 1,
    (LATENCY, "list", "tutorial"): 1,
    (LATENCY, "post", "tutorial"): 1,
    (LATENCY, "put", "tutorial"): 1,
    (LATENCY, "mix", "tutorial"): 1,
    (LATENCY, "hot_mix", "tutorial"): 1,
    (DEPTH,): 1.25,
    (START,): 2,
    (MEMORY,): 90,
}

#: What stands in the way of a target that is missed: a sentence, said by a person.
OBSTACLES: dict[tuple[str, ...], str] = {}
for _peer in ("tutorial", "pocketbase"):
    OBSTACLES[SPEED, "get_same", _peer] = (
        "What is left is gunicorn's own work: compare the bare one. It is Python, on one core for "
        "each worker."
    )
    OBSTACLES[SPEED, "list", _peer] = OBSTACLES[SPEED, "get_same", _peer]
    OBSTACLES[SPEED, "get_random", _peer] = (
        "What is not in memory goes all the way through gunicorn, Flask, flask-smorest, "
        "marshmallow and SQLAlchemy. Each of them has a share, and the database a small one."
    )
    for _load in ("post", "put"):
        OBSTACLES[SPEED, _load, _peer] = (
            "Writers share a commit only where they wait for each other. Most of a write is the "
            "way through gunicorn, Flask, flask-smorest, marshmallow and SQLAlchemy; and it keeps "
            "four indexes, one of them for search. Of the peers none has such an index, and "
            "PocketBase does not wait for the disk."
        )
    OBSTACLES[SPEED, "mix", _peer] = (
        "After each write nothing is in memory, so that most reads go all the way, too."
    )
    OBSTACLES[SPEED, "hot_mix", _peer] = (
        "Of ten requests one is a write, and one or two ask for what was written since the same "
        "worker answered it last. All of these go all the way."
    )
OBSTACLES[SPEED, "get_same", "bare"] = (
    "The bare one does nothing at all. Ours looks at the database's version and at its file, and "
    "makes a new request id, for every request."
)
for _load in ("get_random", "mix", "hot_mix"):
    OBSTACLES[LATENCY, _load, "tutorial"] = (
        "A worker serves 64 connections in turns. An answer that takes long holds up those behind "
        "it."
    )
OBSTACLES[(DEPTH,)] = (
    "Both read a hundred entries of one index, from a place that it finds by the cursor. The "
    "rounds differ by more than what is missed: see the ranges below."
)
OBSTACLES[(MEMORY,)] = (
    "Two caches take it: that of answers, and SQLite's own, of which every connection has one."
)

OTHERS = {
    DEPTH: "A page among 9 900 to 10 000 takes, times one among 1 to 100",
    START: "Start with 1 000 000 things, seconds",
    MEMORY: "Resident memory of a worker under load, MB",
}


@dataclass(frozen=True)
class Outcome:
    """A target, and what was measured: by the connections, or once by 0."""

    target: tuple[str, ...]
    bound: float
    values: dict[int, float]

    @property
    def is_floor(self) -> bool:
        """Tell whether more is better."""
        return self.target[0] == SPEED

    @property
    def worst(self) -> float:
        """Return the value that decides."""
        return (min if self.is_floor else max)(self.values.values())

    @property
    def is_reached(self) -> bool:
        """Tell whether every value keeps to the bound."""
        return self.worst >= self.bound if self.is_floor else self.worst <= self.bound

    @property
    def verdict(self) -> str:
        """Return whether it is reached, and by how much of the bound."""
        percent = abs(self.worst / self.bound - 1) * 100
        return f"{'reached' if self.is_reached else '**missed**'} by {short(percent)} %"


def title(target: tuple[str, ...]) -> str:
    """Return how a table names a target."""
    field, *of = target
    if field in OTHERS:
        return OTHERS[field]
    what = "99th percentile" if field == LATENCY else "requests a second"
    return f"{LOADS[of[0]].title}: {what}, times {SYSTEMS[of[1]].title}"


def outcomes(results: Results) -> Iterator[Outcome]:
    """Return what became of every target that was measured."""
    for target, bound in TARGETS.items():
        values = {place: value for place, value in _values(results, target) if value is not None}
        if values:
            yield Outcome(target, bound, values)


def _values(results: Results, target: tuple[str, ...]) -> Iterator[tuple[int, float | None]]:
    field, *of = target
    if field == START:
        started = figure(results, "seconds", system="ours", things=MILLION)
        yield 0, started and started.middle
    elif field == MEMORY:
        yield 0, largest(results, "rss_mb", "ours")
    else:
        for connections in CONNECTIONS:
            where = {"connections": connections}
            found = (
                ratio(results, SPEED, {"load": "page_first"} | where, {"load": "page_deep"} | where)
                if field == DEPTH
                else against(results, field, of[0], connections, of[1])
            )
            yield connections, found and found.middle
