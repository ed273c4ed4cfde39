"""The tables of the page, each from the measurements alone."""

from collections.abc import Iterable

from benchmarks import targets
from benchmarks.figures import Results, against, figure, largest, ratio, series, short
from benchmarks.loads import COMMON, CONNECTIONS, LOADS, MILLION, OURS
from benchmarks.systems import SYSTEMS

PEERS = [name for name in SYSTEMS if name != "ours"]
MISSING = "–"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def targets_of(results: Results) -> str:
    """Return the table of targets."""
    rows = []
    for outcome in targets.outcomes(results):
        values = (
            f"{short(value)} at {connections}" if connections else short(value)
            for connections, value in outcome.values.items()
        )
        bound = f"{'≥' if outcome.is_floor else '≤'} {outcome.bound}"
        obstacle = "" if outcome.is_reached else targets.OBSTACLES.get(outcome.target, "")
        name = targets.title(outcome.target)
        rows.append([name, bound, ", ".join(values), outcome.verdict, obstacle])
    return table(["what", "target", "measured, at connections", "", "what stands in the way"], rows)


def compared(results: Results, field: str) -> str:
    """Return the table of the ratios of a field."""
    rows = []
    for load in COMMON:
        for connections in CONNECTIONS:
            cells = [_cell(results, field, load, connections, peer) for peer in PEERS]
            if set(cells) != {MISSING}:
                rows.append([LOADS[load].title, connections, *cells])
    return table(["load", "connections", *(SYSTEMS[peer].title for peer in PEERS)], rows)


def _cell(results: Results, field: str, load: str, connections: int, peer: str) -> str:
    found = against(results, field, load, connections, peer)
    failed = any(
        sum(_errors(results, load=load, connections=connections, system=system))
        for system in ("ours", peer)
    )
    return f"{found or MISSING}{' †' if found and failed else ''}"


def _errors(results: Results, **what: object) -> list[int]:
    """Return how many requests were refused, and how many got no answer."""
    return [int(sum(series(results, kind, **what))) for kind in ("refused", "broken")]


def million(results: Results) -> str:
    """Return the table of what a request takes among a million, next to one for a first page."""
    rows = []
    for load in OURS:
        cells = []
        for connections in CONNECTIONS:
            where = {"system": "ours", "connections": connections}
            first = where | {"load": "page_first"}
            cells.append(ratio(results, "per_second", first, where | {"load": load}) or MISSING)
        rows.append([LOADS[load].title, *cells])
    return table(["load", *(f"{number} connections" for number in CONNECTIONS)], rows)


def memory(results: Results) -> str:
    """Return the table of memory and of starts."""
    rows = []
    for name, system in SYSTEMS.items():
        used = [largest(results, field, name) for field in ("pss_mb", "rss_mb")]
        starts = [figure(results, "seconds", system=name, things=n) for n in (0, MILLION)]
        cells = [MISSING if value is None else f"{value:.0f}" for value in used]
        rows.append([system.title, *cells, *(start or MISSING for start in starts)])
    head = ["system", "PSS, MB", "RSS, MB", "start with nothing, s", "with 1 000 000 things, s"]
    return table(head, rows)


def errors_of(results: Results) -> str:
    """Return the table of errors, or that there were none."""
    rows = []
    for load in COMMON + OURS:
        for connections in CONNECTIONS:
            for name, system in SYSTEMS.items():
                kinds = _errors(results, load=load, connections=connections, system=name)
                if any(kinds):
                    rows.append([LOADS[load].title, connections, system.title, *kinds])
    head = ["load", "connections", "system", "refused", "without an answer"]
    return table(head, rows) if rows else "There were none."


def systems(results: Results) -> str:
    """Return the table of systems."""
    versions = results["environment"]["versions"]
    rows = []
    for name, system in SYSTEMS.items():
        said = ", ".join(f"{program} {number}" for program, number in versions[name].items())
        rows.append([system.title, system.processes, system.ships, said])
    return table(["system", "processes", "as it ships", "versions"], rows)


def client(results: Results) -> str:
    """Return how busy wrk was, and how evenly the workers."""
    rows = []
    for name, system in SYSTEMS.items():
        wrk = figure(results, "wrk_cpu", system=name)
        busiest = figure(results, "busiest_worker", system=name)
        rows.append([system.title, wrk or MISSING, busiest or MISSING])
    return table(["system", "wrk", "busiest worker"], rows)
