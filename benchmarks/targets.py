"""The targets, and whether a run reached them."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.exports import COMMAND, EXPORT, PATHS
from benchmarks.figures import Results, against, figure, largest, ratio
from benchmarks.loads import COMMON, CONNECTIONS, LOADS, MILLION, OURS
from benchmarks.systems import SYSTEMS

SPEED, LATENCY = "per_second", "p99_ms"
DEPTH, START, MEMORY = "depth", "start", "memory"

#: The bound of our median divided by a peer's: a minimum for speed, otherwise a maximum. The key is
#: the field, the load and the peer, or the target's own name.
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

#: Why a target is missed, by the field and the load, or by its own name. Times in microseconds were
#: measured once, in one process without a server.
OBSTACLES: dict[tuple[str, ...], str] = {
    (SPEED, "get_same"): "A response from memory takes a fifth of a request's time. "
    "gunicorn's parser takes more than a quarter, the line of the access log a sixth, and sending "
    "a seventh; bare gunicorn does the same.",
    (SPEED, "get_random"): "Few of 100 000 things are in memory. Without the server, such a read "
    "takes 130 µs, a bare Flask route 85 µs. The cache and the common header fields take 18 µs, "
    "arguments, statement, ETag and checks of the request the rest. gunicorn takes more than all "
    "of these.",
    (SPEED, "post"): "In SQLite alone, an insert takes 190 µs of processor time, for bare Flask "
    "56 µs: a thing has four indexes, one of them for search, a journal entry, and checks in the "
    "database. A shared commit makes up for it at 64 connections; at 8, few writers arrive "
    "together. PocketBase does not wait for the disk.",
    (SPEED, "put"): "As for POST: an update takes 200 µs in SQLite, for bare Flask 30 µs. It also "
    "reads the row first, for If-Match and for undo.",
    (SPEED, "mix"): "Few of 100 000 things are in memory, so most reads are as slow as a random "
    "one.",
    (SPEED, "hot_mix"): "One request in ten is a write, and about two ask for a row that was "
    "written since. The rest come from memory, but to read and answer a request takes gunicorn "
    "longer than Flask takes for a route.",
    (LATENCY, "get_random"): "A worker serves 64 connections in turns. A response that takes long "
    "delays the others.",
    (DEPTH,): "Both pages are a hundred entries of one index. The rounds differ by more than this.",
    (MEMORY,): "The code takes 77 MB, most of it shared by all workers. The rest is the cache of "
    "responses and that of each SQLite connection.",
    (EXPORT,): "A million rows take about 5 s of processor time (NDJSON 4.2, CSV 4.9). The client "
    "shares the two cores.",
}
OBSTACLES[SPEED, "list"] = OBSTACLES[SPEED, "get_same"]
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
    """A target and its measurements, by the connections or by another parameter."""

    target: tuple[str, ...]
    bound: float
    values: dict[int | str, float]

    @property
    def is_floor(self) -> bool:
        """Whether more is better."""
        return self.target[0] == SPEED

    @property
    def worst(self) -> float:
        """The worst value."""
        return (min if self.is_floor else max)(self.values.values())

    @property
    def is_reached(self) -> bool:
        """Whether every value keeps the bound."""
        return self.worst >= self.bound if self.is_floor else self.worst <= self.bound

    @property
    def obstacle(self) -> str:
        """Why it is missed, or nothing if it is reached."""
        return "" if self.is_reached else OBSTACLES.get(self.target[:2], "")


def title(target: tuple[str, ...]) -> str:
    """Return the title of a target that is not about requests per second."""
    field, *of = target
    if field in OTHERS:
        return OTHERS[field]
    return f"99th percentile of {LOADS[of[0]].title}, divided by that of {SYSTEMS[of[1]].title}"


def outcomes(results: Results) -> Iterator[Outcome]:
    """Return the outcome of every target that was measured."""
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
