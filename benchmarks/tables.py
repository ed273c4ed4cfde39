"""The parts of the page, each from the measurements alone."""

from collections.abc import Iterable

from benchmarks import targets
from benchmarks.figures import Results, against, series, short
from benchmarks.loads import COMMON, CONNECTIONS, LOADS
from benchmarks.systems import SYSTEMS
from benchmarks.targets import LATENCY, SPEED, Outcome

PEERS = [name for name in SYSTEMS if name != "ours"]
MISSING = "–"


def ratios(results: Results) -> str:
    """Return the table of requests per second: ours divided by each peer's."""
    found = {one.target: one for one in targets.outcomes(results)}
    rows = []
    for load in COMMON:
        cells = [_cell(results, load, peer, found.get((SPEED, load, peer))) for peer in PEERS]
        if set(cells) != {MISSING}:
            rows.append([LOADS[load].title, *cells])
    return _table(["load", *(SYSTEMS[peer].title for peer in PEERS)], rows)


def _cell(results: Results, load: str, peer: str, outcome: Outcome | None) -> str:
    found = [against(results, SPEED, load, number, peer) for number in CONNECTIONS]
    if None in found:
        return MISSING
    middles = " / ".join(short(one.middle) for one in found if one)
    failed = any(
        sum(series(results, kind, load=load, system=system))
        for system in ("ours", peer)
        for kind in ("refused", "broken")
    )
    return f"{middles}{_sign(outcome)}{' †' * failed}"


def others(results: Results) -> str:
    """Return the list of the other targets. Of the latencies, only the worst is listed."""
    found = [one for one in targets.outcomes(results) if one.target[0] != SPEED]
    slow = [one for one in found if one.target[0] == LATENCY]
    slowest = max(slow, key=lambda one: one.worst, default=None)
    return "\n".join(
        f"- {targets.title(one.target)}: {' / '.join(map(short, one.values.values()))}{_sign(one)}"
        for one in found
        if one is slowest or one not in slow
    )


def missed(results: Results) -> str:
    """Return why targets are missed, once for each load."""
    reasons = {}
    for one in targets.outcomes(results):
        if not one.is_reached:
            field, *of = one.target
            about = LOADS[of[0]].title if field == SPEED else targets.title(one.target)
            reasons[about] = one.obstacle
    return "\n".join(f"- {about}: {reason}" for about, reason in reasons.items()) or "Nothing."


def _sign(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    bound = f"{'≥' if outcome.is_floor else '≤'} {outcome.bound:g}"
    return f" {'✓' if outcome.is_reached else '✗'} {bound}"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
