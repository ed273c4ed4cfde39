"""/metrics: the counts of all workers match the requests."""

import os
import re
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from fcntl import LOCK_EX, LOCK_UN, flock
from shutil import disk_usage

import pytest

from flask_things.app import RESOURCES
from flask_things.db.sqlite.files import beside
from tests.support.events import Following
from tests.support.metrics import scrape
from tests.support.pages import PAGES
from tests.support.server import wait_until

THING, CHANGES = "/things/<id:thing_id>", "/things/changes"


def counted(server):
    """Return the number of answered requests by method, route and status."""
    found = {key[1:]: n for key, n in scrape(server).items() if key[0].endswith("requests_total")}
    return {key: n for key, n in found.items() if key[1] != "/readyz"}


def send(server, method, path, count, body=None):
    """Send requests from many clients."""
    with ThreadPoolExecutor(16) as clients:
        list(clients.map(lambda _: server.request(method, path, body), range(count)))


def test_four_workers_together_count_every_request(watched, engine):
    send(watched, "POST", "/things", 40, {"text": "x"})
    send(watched, "POST", "/things", 3, {})
    send(watched, "GET", "/things/1", 200)
    send(watched, "GET", "/things/1000", 30)
    for _ in range(5):
        watched.raw(b"HEAD /things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    send(watched, "GET", "/nowhere", 7)
    send(watched, "BREW", "/things", 2)
    for _ in range(4):
        watched.raw(b"no HTTP\r\n\r\n")
    sent = {
        ("POST", "/things", "201"): 40,
        ("POST", "/things", "422"): 3,
        ("GET", THING, "200"): 200,
        ("GET", THING, "404"): 30,
        ("HEAD", "/things", "200"): 5,
        ("GET", "", "404"): 7,
        ("other", "", "405"): 2,
        ("other", "", "400"): 4,
    }
    wait_until(lambda: sum(counted(watched).values()) >= sum(sent.values()))
    assert counted(watched) == sent
    samples = scrape(watched)
    routes = Counter()
    for (_, route, _), count in sent.items():
        routes[route] += count
    for route, count in routes.items():
        assert samples["things_http_request_seconds_count", route] == count
        assert samples["things_http_request_seconds_bucket", "+Inf", route] == count
        assert 0 < samples["things_http_request_seconds_sum", route] < 20 * count
    assert samples["things_stored",] == 40
    for resource in RESOURCES:
        assert (f"{resource.name.replace('-', '_')}_stored",) in samples
    hits, misses = samples["things_cache_hits_total",], samples["things_cache_misses_total",]
    assert hits + misses == 200 + 30 + 5
    assert (hits > 0) == (engine == "sqlite")
    assert samples["things_database_seconds_count",] >= 40 + 30
    assert samples["things_database_seconds_sum",] > 0
    assert 0 < samples["things_gate_wait_seconds_count",] <= 40


@pytest.mark.sqlite
def test_counts_go_on_when_workers_are_replaced(watched, tmp_path):
    """A new worker reuses the files of one that has ended. Otherwise the files would accumulate."""
    first = set(watched.workers())
    send(watched, "GET", "/things", 40)
    wait_until(lambda: counted(watched) == {("GET", "/things", "200"): 40})
    killed = min(first)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: len(set(watched.workers()) - {killed}) == 4)
    send(watched, "GET", "/things", 40)
    wait_until(lambda: counted(watched) == {("GET", "/things", "200"): 80})
    for _ in range(3):
        before = set(watched.workers())
        watched.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(set(watched.workers()) - before) == len(watched.workers()) == 4)  # noqa: B023
    send(watched, "GET", "/things", 40)
    wait_until(lambda: counted(watched) == {("GET", "/things", "200"): 120})
    files = {path.stem.rpartition("_")[2] for path in tmp_path.glob("metrics/flask-things-*/*.db")}
    assert files <= {str(slot) for slot in range(9)}


@pytest.mark.sqlite
def test_the_wait_for_the_gate_is_not_time_of_the_database(watched, file):
    with ThreadPoolExecutor(1) as client, beside(file, "-gate").open() as gate:
        flock(gate, LOCK_EX)
        post = client.submit(watched.request, "POST", "/things", {"text": "x"})
        assert wait([post], timeout=0.5).not_done
        flock(gate, LOCK_UN)
        assert post.result()[0] == 201
    wait_until(lambda: counted(watched))
    samples = scrape(watched)
    assert 0.4 < samples["things_gate_wait_seconds_sum",] < 20
    assert 0 < samples["things_database_seconds_sum",] < 0.4


@pytest.mark.sqlite
def test_only_the_database_s_own_gauges_are_missing_while_it_is_away(watched, file):
    file.rename(file.with_suffix(".away"))
    assert watched.request("GET", "/things")[0] == 503
    wait_until(lambda: counted(watched) == {("GET", "/things", "503"): 1})
    samples = scrape(watched)
    assert not {("things_stored",), ("things_database_bytes",)} & samples.keys()
    assert samples["things_streams_limit",] == 4 * 100
    file.with_suffix(".away").rename(file)
    samples = scrape(watched)
    assert samples["things_stored",] == 0
    assert samples["things_database_bytes",] >= file.stat().st_size
    assert samples["things_disk_free_bytes",] == pytest.approx(
        disk_usage(file.parent).free, rel=0.1
    )


@pytest.mark.sqlite
@pytest.mark.sqlite
def test_the_page_on_operations_names_every_metric(watched):
    watched.request("POST", "/things", {"text": "x"})
    wait_until(lambda: counted(watched))
    names = {re.sub("_(count|sum|bucket|created)$", "", name) for name, *_ in scrape(watched)}
    assert names == set(re.findall(r"`(things_\w+)`", PAGES["operations.md"]))


@pytest.mark.sqlite
def test_streams_are_counted_while_they_are_open_and_not_timed(watched):
    with Following(watched.port), Following(watched.port):
        wait_until(lambda: scrape(watched)["things_streams",] == 2)
    wait_until(lambda: scrape(watched)["things_streams",] == 0)
    wait_until(lambda: counted(watched) == {("GET", CHANGES, "200"): 2})
    assert ("things_http_request_seconds_count", CHANGES) not in scrape(watched)
