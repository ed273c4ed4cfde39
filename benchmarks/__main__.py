"""Run the benchmark: see `make bench`."""

import argparse
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import results, wrk
from benchmarks.exports import EXPORT
from benchmarks.journal import JOURNAL
from benchmarks.loads import LOADS
from benchmarks.systems import SYSTEMS
from benchmarks.turns import START, Bench, say

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "benchmarks"
EVERYTHING = [*LOADS, JOURNAL, EXPORT, START]
#: With fewer rounds or seconds, or not everything, a run does not replace what docs/ has.
ROUNDS, SECONDS = 3, 3


def names(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Return how an option is read that names some of what is known, or all by naming none."""

    def read(text: str) -> list[str]:
        named = text.split(",") if text else list(known)
        if unknown := set(named) - set(known):
            raise argparse.ArgumentTypeError(f"{unknown} is none of {', '.join(known)}")
        return named

    return read


def read_options() -> argparse.Namespace:
    """Return the options of the command."""
    parser = argparse.ArgumentParser("python -m benchmarks")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="that each measurement takes")
    parser.add_argument("--loads", type=names(EVERYTHING), default="")
    parser.add_argument("--systems", type=names(SYSTEMS), default="")
    return parser.parse_args()


def is_full(options: argparse.Namespace) -> bool:
    """Tell whether a run measures all that docs/ has, as long or longer."""
    is_long = options.rounds >= ROUNDS and options.seconds >= SECONDS
    return is_long and {*options.systems, *options.loads} == {*SYSTEMS, *EVERYTHING}


def main() -> None:
    """Measure, and write down what was measured."""
    options = read_options()
    wrk.ensure()
    shutil.rmtree(WORK, ignore_errors=True)
    bench = Bench(WORK, options.systems)
    measured = []
    for measurement in bench.run(options.loads, options.rounds, options.seconds):
        say(" ".join(f"{key}={value}" for key, value in measurement.items()))
        measured.append(measurement)
    shutil.rmtree(WORK)
    folder = results.DOCS if is_full(options) else WORK
    printed = bench.printed.get("pocketbase", "")
    environment = results.environment(printed, options.rounds, options.seconds)
    results.write({"environment": environment, "measured": measured}, folder)
    say(f"{folder.relative_to(ROOT)}/benchmarks.md is written.")


if __name__ == "__main__":
    main()
