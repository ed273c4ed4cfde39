"""Simultaneous bulk calls on the same rows in different orders."""

import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.proof.test_races import Client
from tests.support.server import JSON

CLIENTS, ROUNDS, THINGS = 6, 12, 40


@pytest.fixture
def clients():
    """Return a pool of processes that share nothing with this one."""
    with ProcessPoolExecutor(CLIENTS, get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def server(serve):
    """Return a server with some things."""
    server = serve(WEB_CONCURRENCY="3")
    bodies = [{"text": "start"} for _ in range(THINGS)]
    assert server.request("POST", "/things/bulk", bodies, JSON)[0] == 201
    return server


def patch(port, name):
    """Change all things, in random order each time, and return the results."""
    client, found = Client(port), set()
    order = random.Random(name)  # noqa: S311 - a number that repeats
    for n in range(ROUNDS):
        ids = order.sample(range(1, THINGS + 1), THINGS)
        items = [{"id": row_id, "text": f"{name}-{n}"} for row_id in ids]
        found.add(client.request("PATCH", "/things/bulk", items, JSON)[0])
        texts = {thing["text"] for thing in client.request("GET", "/things")[2]}
        found.add(f"{len(texts)} at once")
    return found


def delete(port, name):
    """Delete things in pairs, in random order each time, and return the deleted ids."""
    client, gone = Client(port), []
    order = random.Random(name)  # noqa: S311 - a number that repeats
    pairs = [(n, n + THINGS // 2) for n in range(1, THINGS // 2 + 1)]
    for first, second in order.sample(pairs, len(pairs)):
        ids = order.sample([first, second], 2)
        status, _, _ = client.request("DELETE", f"/things/bulk?id={ids[0]},{ids[1]}")
        assert status in (204, 404)
        gone += ids if status == 204 else []
    return gone


def test_no_bulk_call_waits_for_another_that_waits_for_it(server, clients):
    """And no client sees a partial one."""
    runs = list(clients.map(patch, [server.port] * CLIENTS, range(CLIENTS)))
    assert set().union(*runs) == {200, "1 at once"}


def test_each_thing_is_deleted_by_one_client(server, clients):
    runs = list(clients.map(delete, [server.port] * CLIENTS, range(CLIENTS)))
    assert sorted(row_id for run in runs for row_id in run) == [*range(1, THINGS + 1)]
    assert server.request("GET", "/things")[2] == []
