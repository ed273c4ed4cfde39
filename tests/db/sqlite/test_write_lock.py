"""Several processes write one after the other, and reads do not wait for them."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

pytestmark = pytest.mark.sqlite

#: How late a response may be on a busy machine, in seconds.
MARGIN_S = 3

#: Programs that hold the write lock until they are killed: ours, or only SQLite's.
HOLDERS = {
    "gate": "import fcntl; fcntl.flock(gate := open(path + '-gate'), fcntl.LOCK_EX)",
    "lock": "import sqlite3; c = sqlite3.connect(path); c.execute('BEGIN IMMEDIATE')",
}


@pytest.fixture
def hold(file):
    """Return a function that starts a process which holds a lock."""
    holders = []

    def start(what):
        take = f"import sys, time; path = sys.argv[1]; {HOLDERS[what]}"
        command = [sys.executable, "-c", f"{take}; print('held', flush=True); time.sleep(600)"]
        holders.append(subprocess.Popen([*command, file], stdout=subprocess.PIPE))
        assert holders[-1].stdout.readline() == b"held\n"
        return holders[-1]

    yield start
    for holder in holders:
        holder.kill()
        holder.communicate()


def post(server):
    """Post a thing. Return the status, the headers and the duration in seconds."""
    began = time.monotonic()
    status, headers, _ = server.request("POST", "/things", {"text": "x"})
    return status, headers, time.monotonic() - began


def descriptors_and_threads(server):
    """Return the numbers of file descriptors and threads of the workers."""
    return [
        sum(len(list(Path(f"/proc/{pid}/{kind}").iterdir())) for pid in server.workers())
        for kind in ("fd", "task")
    ]


def reading_time(server, seconds):
    """Read for some seconds, and return the duration of the slowest read."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        assert server.request("GET", "/things")[0] == 200
        times.append(time.monotonic() - began)
    return max(times)


def test_each_of_many_writers_gets_its_share(serve):
    """Without our lock, one of them can wait for seconds while the others keep writing."""
    server = serve(WEB_CONCURRENCY="4")
    end = time.monotonic() + 4

    def write(_client):
        done = 0
        while time.monotonic() < end:
            assert post(server)[0] == 201
            done += 1
        return done

    with ThreadPoolExecutor(16) as clients:
        done = list(clients.map(write, range(16)))
    assert min(done) > max(done) / 4


@pytest.mark.parametrize(("count", "limit_s"), [(8, 0.5), (40, 1)])
@pytest.mark.parametrize("what", HOLDERS)
def test_waiting_writes_do_not_stop_reads(serve, hold, what, count, limit_s):
    """Writes may wait longer than the limit of reads, and 40 need more than all connections."""
    server = serve(WEB_CONCURRENCY="2", THINGS_BUSY_TIMEOUT_MS="2500")
    hold(what)
    with ThreadPoolExecutor(count) as clients:
        posts = [clients.submit(post, server) for _ in range(count)]
        slowest = reading_time(server, seconds=1.5)
        assert sum(not done.done() for done in posts) >= 8
    assert slowest < limit_s
    assert {done.result()[0] for done in posts} == {503}


@pytest.mark.parametrize("what", HOLDERS)
@pytest.mark.parametrize("how", [signal.SIGCONT, signal.SIGSTOP])
def test_gate_and_lock_together_keep_to_the_limit(serve, hold, what, how):
    """It does not matter whether the holder does anything."""
    server = serve(WEB_CONCURRENCY="2", THINGS_BUSY_TIMEOUT_MS="1000")
    holder = hold(what)
    holder.send_signal(how)
    with ThreadPoolExecutor(30) as clients:
        answers = list(clients.map(post, [server] * 30))
    assert {(status, headers["Retry-After"]) for status, headers, _ in answers} == {(503, "1")}
    assert max(seconds for _, _, seconds in answers) < 1 + MARGIN_S
    holder.kill()
    holder.wait()
    assert post(server)[0] == 201


def test_a_waiting_writer_continues_when_the_holder_is_killed(serve, hold):
    server = serve(WEB_CONCURRENCY="2", THINGS_BUSY_TIMEOUT_MS="60000")
    holder = hold("gate")
    with ThreadPoolExecutor(8) as clients:
        posts = [clients.submit(post, server) for _ in range(8)]
        assert not wait(posts, 0.5).done
        holder.kill()
        assert len(wait(posts, MARGIN_S).done) == 8
    assert {post.result()[0] for post in posts} == {201}


def test_failed_writes_leave_nothing_behind(serve, hold):
    """Neither file descriptors nor threads that wait as long as the lock is held."""
    server = serve(WEB_CONCURRENCY="1", THINGS_BUSY_TIMEOUT_MS="1")
    assert post(server)[0] == 201
    before = descriptors_and_threads(server)
    hold("gate")
    assert {post(server)[0] for _ in range(60)} == {503}
    after = descriptors_and_threads(server)
    assert after[0] - before[0] < 10
    assert after[1] - before[1] < 20  # the server starts some threads on demand
