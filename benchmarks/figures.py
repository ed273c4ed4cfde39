"""What follows from the measurements: medians, and ratios of them within one run."""

from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any

Results = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A middle, with its range from the lowest to the highest."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return it as a table has it."""
        return f"{short(self.middle)} ({short(self.low)}–{short(self.high)})"


def short(number: float) -> str:
    """Return a number with two digits after the point, and fewer where it is large."""
    if number == inf:
        return "∞"
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f}"


def series(results: Results, field: str, **what: object) -> list[float]:
    """Return a field of every measurement of this, in the order of the rounds."""
    return [
        measurement[field]
        for measurement in results["measured"]
        if field in measurement and what.items() <= measurement.items()
    ]


def figure(results: Results, field: str, **what: object) -> Figure | None:
    """Return the median of a field, if it was measured."""
    values = series(results, field, **what)
    return Figure(median(values), min(values), max(values)) if values else None


def ratio(
    results: Results, field: str, above: dict[str, Any], below: dict[str, Any]
) -> Figure | None:
    """Return a median divided by another, with the range of what the rounds give, if measured."""
    first, second = series(results, field, **above), series(results, field, **below)
    if not first or not second:
        return None
    rounds = [_divided(*pair) for pair in zip(first, second, strict=True)]
    return Figure(_divided(median(first), median(second)), min(rounds), max(rounds))


def against(results: Results, field: str, load: str, connections: int, peer: str) -> Figure | None:
    """Return ours divided by a peer's, in one load."""
    where = {"load": load, "connections": connections}
    return ratio(results, field, where | {"system": "ours"}, where | {"system": peer})


def largest(results: Results, field: str, **what: object) -> float | None:
    """Return the largest of a field in all measurements of this."""
    return max(series(results, field, **what), default=None)


def _divided(above: float, below: float) -> float:
    return above / below if below else inf
