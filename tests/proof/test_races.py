"""Simultaneous clients against the real server with several workers."""

import json
import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.client import HTTPException
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.support.server import JSON, Server, next_page, wait_until

CLIENTS = 8
ROUNDS = 25


@pytest.fixture
def clients():
    """Return a pool of processes that share nothing with this one."""
    with ProcessPoolExecutor(CLIENTS, get_context("spawn")) as pool:
        yield pool


class Client:
    """A client of a server that another process has started."""

    request = Server.request

    def __init__(self, port):
        self.port = port


def get_then_put(port, name):
    """Read one thing and write it with its ETag, repeatedly, and return the results."""
    client = Client(port)
    outcomes = []
    for n in range(ROUNDS):
        etag = client.request("GET", "/things/1")[1]["ETag"]
        fields = {**JSON, "If-Match": etag}
        status, headers, _ = client.request("PUT", "/things/1", {"text": f"{name}-{n}"}, fields)
        outcomes.append((status, etag, headers.get("ETag")))
    return outcomes


def test_of_writers_with_one_etag_exactly_one_succeeds(serve, clients):
    """Each version is the base of one successful write, so the writes form a chain."""
    server = serve(WEB_CONCURRENCY="4")
    first = server.request("POST", "/things", {"text": "start"})[1]["ETag"]
    runs = clients.map(get_then_put, [server.port] * CLIENTS, range(CLIENTS))
    outcomes = [outcome for run in runs for outcome in run]
    assert {status for status, _, _ in outcomes} <= {200, 412}
    became = {before: after for status, before, after in outcomes if status == 200}
    assert len(became) == sum(status == 200 for status, _, _ in outcomes)
    etag = first
    for _ in became:
        etag = became[etag]
    assert etag == server.request("GET", "/things/1")[1]["ETag"]


def test_of_posts_with_one_etag_of_the_list_exactly_one_succeeds(serve):
    server = serve(WEB_CONCURRENCY="4")

    def post(n, etag):
        path, body = ("/things", {"text": "x"}) if n % 2 else ("/things/bulk", [{"text": "x"}])
        return server.request("POST", path, body, JSON | {"If-Match": etag})[0]

    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in range(ROUNDS):
            etag = server.request("GET", "/things")[1]["ETag"]
            statuses = list(clients.map(post, range(CLIENTS), [etag] * CLIENTS))
            assert sorted(statuses) == [201] + [412] * (CLIENTS - 1)


def delete_if(port, etag):
    """Delete a thing if it has this ETag."""
    return Client(port).request("DELETE", "/things/1", headers={"If-Match": etag})[0]


def test_of_deletes_with_one_etag_exactly_one_succeeds(serve, clients):
    server = serve(WEB_CONCURRENCY="4")
    etag = server.request("POST", "/things", {"text": "x"})[1]["ETag"]
    statuses = sorted(clients.map(delete_if, [server.port] * CLIENTS, [etag] * CLIENTS))
    assert statuses == [204] + [404] * (CLIENTS - 1)


def post_with_key(port, path):
    """Post with the same key as all others, and return the response."""
    body = [{"text": "once"}, {"text": "and twice"}] if "bulk" in path else {"text": "once"}
    fields = {**JSON, "Idempotency-Key": "the-same"}
    status, headers, answer = Client(port).request("POST", path, body, fields)
    return status, headers["ETag"], headers["Location"], json.dumps(answer)


@pytest.mark.parametrize(("path", "made"), [("/things", 1), ("/things/bulk", 2)])
def test_of_posts_with_one_key_one_is_done_and_all_get_its_answer(serve, path, made):
    server = serve(WEB_CONCURRENCY="4")
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(post_with_key, [server.port] * 20, [path] * 20))
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert len(server.request("GET", "/things")[2]) == made


def post_until_answered(port, key):
    """Post with a key until there is a response."""
    while True:
        try:
            fields = {**JSON, "Idempotency-Key": key}
            return Client(port).request("POST", "/things", {"text": key}, fields)[0]
        except (OSError, HTTPException):  # the worker was killed
            continue


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc to read")
def test_retries_after_a_crash_make_each_thing_once(serve):
    """Workers are killed at any point: before a thing is stored, or before the response."""
    server = serve(WEB_CONCURRENCY="2")
    keys = [f"key-{n}" for n in range(80)]
    with ThreadPoolExecutor(4) as clients:
        posts = [clients.submit(post_until_answered, server.port, key) for key in keys]
        for killed in range(8):
            wait_until(lambda done=killed * 8: sum(post.done() for post in posts) >= done)
            os.kill(wait_until(server.workers)[0], signal.SIGKILL)
        assert {post.result() for post in posts} == {201}
    assert sorted(thing["text"] for thing in server.request("GET", "/things")[2]) == sorted(keys)


def come_and_go(port, rounds):
    """Create and delete things in all sort orders."""
    client = Client(port)
    for n in range(rounds):
        made = [client.request("POST", "/things", {"text": f"{d} goes"})[2] for d in range(10)]
        for thing in made[n % 2 :]:
            client.request("DELETE", f"/things/{thing['id']}")


@pytest.mark.parametrize("sort", ["text", "-id"])
def test_a_walk_lists_each_remaining_row_once_during_changes(serve, clients, sort):
    server = serve(WEB_CONCURRENCY="2")
    body = [{"text": f"{n % 10} stays {n}"} for n in range(600)]
    stay = {thing["id"] for thing in server.request("POST", "/things/bulk", body)[2]}
    others = [clients.submit(come_and_go, server.port, 4) for _ in range(4)]
    walks = 0
    while walks < 2 or not all(other.done() for other in others):
        met, path = [], f"/things?limit=40&sort={sort}"
        while path:
            status, headers, page = server.request("GET", path)
            assert status == 200
            met += [thing["id"] for thing in page]
            path = next_page(headers)
        assert len(met) == len(set(met))
        assert stay <= set(met)
        walks += 1
    for other in others:
        other.result()
