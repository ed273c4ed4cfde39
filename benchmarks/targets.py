"""What was to be reached, and what was."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.exports import COMMAND, EXPORT, PATHS
from benchmarks.figures import Results, against, figure, largest, ratio
from benchmarks.loads import COMMON, CONNECTIONS, LOADS, MILLION, OURS
from benchmarks.systems import SYSTEMS

SPEED, LATENCY = "per_second", "p99_ms"
DEPTH, START, MEMORY = "depth", "start", "memory"

#: What a median of ours, divided by a peer's, must be at least; or at most, where less is better.
#: By the field, the load and the peer, or by a name of its own.
TARGETS: dict[tuple[str, ...], float] = {
    (SPEED, "get_same", "tutorial"): 5,
    (SPEED, "get_same", "pocketbase"): 0.9,
    (SPEED, "get_same", "bare"): 0.85,
    (SPEED, "get_random", "tutorial"): 2.5,
    (SPEED, "get_random", "pocketbase"): 0.45,
    (SPEED, "get_random", "flask"): 0.8,
    (SPEED, "list", "tutorial"): 12,
    (SPEED, "list", "pocketbase"): 8,
    (SPEED, "list", "bare"): 0.85,
    (SPEED, "post", "tutorial"): 4,
    (SPEED, "post", "pocketbase"): 0.35,
    (SPEED, "post", "flask"): 1,
    (SPEED, "put", "tutorial"): 4,
    (SPEED, "put", "pocketbase"): 0.45,
    (SPEED, "put", "flask"): 1,
    (SPEED, "mix", "tutorial"): 2.2,
    (SPEED, "mix", "pocketbase"): 0.4,
    (SPEED, "hot_mix", "tutorial"): 4,
    (SPEED, "hot_mix", "pocketbase"): 0.8,
    (SPEED, "hot_mix", "flask"): 1.5,
    **{(LATENCY, load, "tutorial"): 1 for load in COMMON},
    (DEPTH,): 1.25,
    (MEMORY,): 90,
    (START,): 1.5,
    (EXPORT,): 8,
}

#: What stands in the way of a target that is missed, as it was measured: a sentence of a person.
#: By the field and the load, or by a name of its own.
OBSTACLES: dict[tuple[str, ...], str] = {
    (SPEED, "get_same"): "What is left is gunicorn's own work: compare the bare one. Ours also "
    "looks at the database's version and its file, and makes a request id.",
    (SPEED, "list"): "What is left is gunicorn's own work: compare the bare one.",
    (SPEED, "get_random"): "What is not in memory goes all the way through gunicorn, Flask and "
    "SQLAlchemy. Each of them has a share, and the database a small one.",
    (SPEED, "post"): "Writers share a commit only where they wait for each other, and a thing has "
    "four indexes, one of them for search. Of the peers none has such an index, and PocketBase "
    "does not wait for the disk.",
    (SPEED, "mix"): "Of 100 000 things few are in memory, so that most reads go all the way.",
    (SPEED, "hot_mix"): "Of ten requests one is a write, and one or two ask for what was written "
    "since the same worker answered it last. All of these go all the way.",
    (LATENCY, "get_random"): "A worker serves 64 connections in turns. An answer that takes long "
    "holds up those behind it.",
    (DEPTH,): "Both read a hundred entries of one index, from a place that it finds by the cursor. "
    "The rounds differ by more than what is missed.",
    (MEMORY,): "Two caches take it: that of answers, and SQLite's own, of which every connection "
    "has one.",
}
OBSTACLES[SPEED, "put"] = OBSTACLES[SPEED, "post"]
for _load in ("mix", "hot_mix"):
    OBSTACLES[LATENCY, _load] = OBSTACLES[LATENCY, "get_random"]

OTHERS = {
    DEPTH: "a page among 9 900 to 10 000, divided by one among 1 to 100",
    MEMORY: "memory of a worker under load, MB (RSS)",
    START: "start, seconds",
    EXPORT: "export: GET NDJSON / GET CSV / `flask things export`, seconds",
}


@dataclass(frozen=True)
class Outcome:
    """A target, and what was measured: by the connections, or by what else was varied."""

    target: tuple[str, ...]
    bound: float
    values: dict[int | str, float]

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
    def obstacle(self) -> str:
        """Return what stands in the way, if it is missed."""
        return "" if self.is_reached else OBSTACLES.get(self.target[:2], "")


def title(target: tuple[str, ...]) -> str:
    """Return what a target is about that is no ratio of requests a second."""
    field, *of = target
    if field in OTHERS:
        return OTHERS[field]
    return f"99th percentile of {LOADS[of[0]].title}, divided by that of {SYSTEMS[of[1]].title}"


def outcomes(results: Results) -> Iterator[Outcome]:
    """Return what became of every target that was measured."""
    for target, bound in TARGETS.items():
        values = {place: value for place, value in _values(results, target) if value is not None}
        if values:
            yield Outcome(target, bound, values)


def _values(results: Results, target: tuple[str, ...]) -> Iterator[tuple[int | str, float | None]]:
    field, *of = target
    if field == START:
        started = figure(results, "seconds", load=START, system="ours", things=MILLION)
        yield "", started and started.middle
    elif field == MEMORY:
        used = (largest(results, "rss_mb", load=load, system="ours") for load in OURS)
        yield "", max(filter(None, used), default=None)
    elif field == EXPORT:
        for way in (*PATHS, COMMAND):
            taken = figure(results, "seconds", load=EXPORT, system="ours", way=way)
            yield way, taken and taken.middle
    else:
        for connections in CONNECTIONS:
            where = {"connections": connections}
            found = (
                ratio(results, SPEED, {"load": "page_first"} | where, {"load": "page_deep"} | where)
                if field == DEPTH
                else against(results, field, of[0], connections, of[1])
            )
            yield connections, found and found.middle
