"""Reloads and recycled workers: no request fails, and no traceback is logged."""

import contextlib
import http.client
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.support.server import JSON, wait_until

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

#: How many responses to wait for after each reload.
REQUESTS = 40


class Load:
    """Clients that send requests one after the other and record failures."""

    def __init__(self, server, keeps):
        """Prepare clients, which reuse their connections if `keeps` is true."""
        self._server, self._keeps = server, keeps
        self._over = Event()
        self.answered, self.errors, self.cut = 0, [], 0

    @contextlib.contextmanager
    def during(self, clients=8):
        """Load the server for the block."""
        with ThreadPoolExecutor(clients) as threads:
            running = [threads.submit(self._run) for _ in range(clients)]
            try:
                yield
            finally:
                self._over.set()
        for one in running:
            one.result()

    def _run(self):
        with contextlib.closing(self._new()) as connection:
            self._send(connection)

    def _send(self, connection):
        while not self._over.is_set():
            is_new = connection.sock is None
            try:
                connection.request("POST", "/things", b'{"text": "x"}', JSON)
                response = connection.getresponse()
                response.read()
                self.answered += 1
                if response.status != 201:
                    self.errors.append(response.status)
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                if is_new:
                    self.errors.append(error)
                self.cut += 1
                connection.close()
            if not self._keeps:
                connection.close()

    def _new(self):
        return http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)


def test_a_reload_logs_no_traceback(serve):
    """Closing a terminal sends SIGHUP to the whole process group."""
    server = serve()
    for send in (os.kill, os.kill, os.killpg):
        before = set(server.workers())
        send(server.process.pid, signal.SIGHUP)
        wait_until(lambda before=before: before.isdisjoint(server.workers()))
    assert server.stop()[0] == 0
    log = server.log.read_text()
    assert [line for line in log.splitlines() if "Traceback" in line or "WARNING" in line] == []


@pytest.mark.parametrize("keeps", [False, True], ids=["new", "kept"])
def test_sighup_fails_no_request(serve, keeps):
    """An idle connection may be closed, which http.client reports as RemoteDisconnected."""
    server = serve()
    load = Load(server, keeps)
    with load.during():
        for _ in range(3):
            before = set(server.workers())
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda before=before: before.isdisjoint(server.workers()))
            enough = load.answered + REQUESTS
            wait_until(lambda enough=enough: load.answered > enough)
    assert load.errors == []
    assert server.stop()[0] == 0


@pytest.mark.parametrize("keeps", [False, True], ids=["new", "kept"])
def test_workers_are_replaced_without_an_error(serve, keeps):
    server = serve("-m", "flask_things", "--max-requests", "100", "--max-requests-jitter", "50")
    before = set(server.workers())
    load = Load(server, keeps)
    with load.during():
        wait_until(lambda: before.isdisjoint(server.workers()))
    assert (load.errors, load.cut) == ([], 0)
