"""The page and chart of the benchmarks are generated from the measurements alone."""

import re
from argparse import Namespace
from contextlib import closing
from xml.etree import ElementTree

import pytest

from benchmarks import chart, report, results, tables, targets
from benchmarks.__main__ import EVERYTHING, ROUNDS, SECONDS, is_full, names
from benchmarks.exports import COMMAND, EXPORT, PATHS
from benchmarks.fill import text_of
from benchmarks.journal import drop_triggers
from benchmarks.loads import CONNECTIONS, LOADS
from benchmarks.systems import SYSTEMS
from flask_things.db.sqlite.file import sqlite3

WAYS = (*PATHS, COMMAND)
FIVE_TIMES = (targets.SPEED, "get_same", "tutorial")
ENVIRONMENT = {
    "date": "2026-11-23",
    "cores": 2,
    "processor": "x",
    "wrk": "4",
    "rounds": 3,
    "seconds": 5,
}
VERSIONS = {"versions": {name: {"program": "1.0"} for name in SYSTEMS}}


def measured(system, *per_second, load="get_same", connections=CONNECTIONS, **others):
    """Return measurements of a system, one per round."""
    fields = {"load": load, "system": system, "refused": 0, "broken": 0, "p99_ms": 1, "rss_mb": 1}
    return [
        {**fields, "connections": number, "per_second": value, **others}
        for number in connections
        for value in per_second
    ]


def found(*measurements):
    """Return the results of a run."""
    every = [measurement for some in measurements for measurement in some]
    return {"environment": ENVIRONMENT | VERSIONS, "measured": every}


def outcome(target, every):
    """Return the result of a target."""
    return next(one for one in targets.outcomes(every) if one.target == target)


def test_a_ratio_is_the_quotient_of_the_medians():
    every = found(measured("ours", 600, 900, 630), measured("tutorial", 100, 100, 90))
    dash = tables.MISSING
    row = f"| get one, same id | 6.30 / 6.30 ✓ ≥ 5 | {dash} | {dash} | {dash} | {dash} |"
    assert row in tables.ratios(every).splitlines()


def test_a_missed_target_is_reported_with_its_reason(monkeypatch):
    monkeypatch.setitem(targets.OBSTACLES, FIVE_TIMES[:2], "The disk.")
    every = found(measured("ours", 300), measured("tutorial", 100))
    assert "| 3.00 / 3.00 ✗ ≥ 5 |" in tables.ratios(every)
    assert tables.missed(every) == "- get one, same id: The disk."


def test_a_target_that_is_reached_has_no_excuse(monkeypatch):
    monkeypatch.setitem(targets.OBSTACLES, FIVE_TIMES[:2], "The disk.")
    every = found(measured("ours", 900), measured("tutorial", 100))
    assert tables.missed(every) == "Nothing."


def test_a_target_is_reached_where_it_is_with_few_connections_and_with_many():
    few, many = ({"connections": [number]} for number in CONNECTIONS)
    ours = measured("ours", 500, **few) + measured("ours", 499, **many)
    assert not outcome(FIVE_TIMES, found(ours, measured("tutorial", 100))).is_reached
    ours = measured("ours", 500, **few) + measured("ours", 500, **many)
    assert outcome(FIVE_TIMES, found(ours, measured("tutorial", 100))).is_reached


def test_of_times_and_memory_less_is_better():
    slow = found(measured("ours", 1, p99_ms=1.1), measured("tutorial", 1))
    assert not outcome((targets.LATENCY, "get_same", "tutorial"), slow).is_reached
    for megabytes, is_reached in ((90, True), (90.1, False)):
        every = found(measured("ours", 1, rss_mb=megabytes, load="page_deep"))
        assert outcome((targets.MEMORY,), every).is_reached == is_reached


def test_depth_compares_a_late_page_with_an_early_one():
    early, late = measured("ours", 125, load="page_first"), measured("ours", 100, load="page_deep")
    assert outcome((targets.DEPTH,), found(early, late)).values == {8: 1.25, 64: 1.25}


@pytest.mark.parametrize(("slowest", "is_reached"), [(8, True), (8.1, False)])
def test_each_way_to_export_everything_has_its_time(slowest, is_reached):
    times = dict(zip(WAYS, (3, 4, slowest), strict=True))
    every = found(
        {"load": EXPORT, "system": "ours", "way": way, "seconds": s} for way, s in times.items()
    )
    assert outcome((EXPORT,), every).is_reached == is_reached
    assert f": 3.00 / 4.00 / {slowest:.2f} {'✓' if is_reached else '✗'} ≤ 8" in tables.others(every)


def test_the_worst_latency_is_reported():
    ours = measured("ours", 1, p99_ms=0.5) + measured("ours", 1, p99_ms=0.7, load="put")
    peers = measured("tutorial", 1) + measured("tutorial", 1, load="put")
    [line] = [one for one in tables.others(found(ours, peers)).splitlines() if "99th" in one]
    assert (
        line
        == "- 99th percentile of PUT, divided by that of the tutorial's stack: 0.70 / 0.70 ✓ ≤ 1"
    )


def test_a_load_with_errors_is_marked():
    few, many = measured("tutorial", 1), measured("tutorial", 1, refused=3)
    every = found(measured("ours", 1), few[:1], many[1:])
    assert "1.00 / 1.00 ✗ ≥ 5 †" in tables.ratios(every)


def test_a_system_without_responses_has_no_number():
    every = found(measured("ours", 1), measured("tutorial", 0))
    assert "∞" in tables.ratios(every)


def test_missing_measurements_stay_missing():
    page = report.render(found())
    assert not re.findall(r"✓ ≥|✗ ≥|✓ ≤|✗ ≤|\d\.\d\d", page)


def test_without_the_journal_no_write_adds_to_it(client, file):
    drop_triggers(file.parent.parent)
    client.post("/things", json={"text": "x"})
    with closing(sqlite3.connect(file)) as connection:
        changes = connection.execute("SELECT change FROM journal").fetchall()
    assert changes == [("started",)]


def test_a_hot_set_is_a_part_of_the_table():
    hot = LOADS["hot_mix"]
    assert (hot.asked(SYSTEMS["ours"]), hot.count(SYSTEMS["ours"])) == (200, 100_000)
    assert LOADS["mix"].asked(SYSTEMS["ours"]) == 100_000


def test_every_target_is_of_a_load_and_a_peer():
    for field, *of in targets.TARGETS:
        assert field in targets.OTHERS or (of[0] in LOADS and of[1] in SYSTEMS)
    assert set(targets.OBSTACLES) <= {target[:2] for target in targets.TARGETS}


def test_the_chart_has_a_bar_for_each_as_long_as_it_is_fast():
    every = found(measured("ours", 100), measured("pocketbase", 50))
    svg = chart.render(every)
    bars = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")  # noqa: S314
    ours, peer = (float(bar.attrib["width"]) for bar in bars)
    assert ours == 2 * peer
    assert svg == chart.render(every)


def test_the_page_in_docs_matches_its_measurements():
    """No number is written by hand."""
    every = results.read(results.DOCS)
    assert (results.DOCS / "benchmarks.md").read_text() == report.render(every)
    assert (results.DOCS / "benchmarks.svg").read_text() == chart.render(every)


@pytest.mark.parametrize(
    "less",
    [{"rounds": ROUNDS - 1}, {"seconds": SECONDS - 1}, {"loads": ["post"]}, {"systems": ["ours"]}],
)
def test_a_partial_run_does_not_replace_docs(less):
    options = {
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "loads": names(EVERYTHING)(""),
        "systems": [*SYSTEMS],
    }
    assert is_full(Namespace(**options))
    assert not is_full(Namespace(**options | less))


def test_texts_are_of_about_the_same_length():
    lengths = {len(text_of(thing_id)) for thing_id in (1, 1_000, 99_999, 1_000_000)}
    assert min(lengths) >= 40
    assert max(lengths) <= 60


def test_results_are_written_as_measured(tmp_path):
    every = found(measured("ours", 100, 101))
    results.write(every, tmp_path / "docs")
    assert results.read(tmp_path / "docs") == every
    assert (tmp_path / "docs/benchmarks.md").read_text() == report.render(every)
    assert (tmp_path / "docs/benchmarks.svg").read_text() == chart.render(every)
