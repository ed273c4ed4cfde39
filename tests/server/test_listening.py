"""Where the server listens: it must not be exposed by accident, and refuses with one line."""

import errno
import os
import re
import signal
import socket
import time
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import pytest

from flask_things.config import BadSetting
from flask_things.server.start import (
    RELEASE_S,
    inherited,
    places,
    reason,
    refuse_exposure,
    refuse_unusable,
)
from tests.support.server import free_port, python, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

EVERYWHERE = "0.0.0.0"  # noqa: S104 - to see that it is refused
ELSEWHERE = [(EVERYWHERE, 80), ("::", 80), ("192.0.2.1", 80), ("a.example", 80)]
HERE = [("127.0.0.1", 80), ("127.0.0.2", 80), ("::1", 80), ("localhost", 80)]


@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_place_that_others_reach_is_refused_until_the_access_is_chosen(place):
    for environ in ({}, {"THINGS_AUTH": ""}):
        with pytest.raises(BadSetting, match=r"^THINGS_AUTH: "):
            refuse_exposure(environ, [("127.0.0.1", 80), place])
    for chosen in ("off", "write", "all"):
        refuse_exposure({"THINGS_AUTH": chosen}, [place])


def test_places_on_this_machine_are_open():
    refuse_exposure({}, HERE)


@pytest.mark.parametrize(
    ("command", "environ"),
    [
        ("-m flask_things", {"HOST": EVERYWHERE}),
        ("-m flask_things", {"HOST": EVERYWHERE, "THINGS_PUBLISHED": "[::]:8080"}),
        ("-m gunicorn wsgi:app", {"HOST": "::"}),
        ("-m gunicorn wsgi:app --bind 0.0.0.0:{port}", {}),
    ],
)
def test_a_server_that_strangers_could_write_to_does_not_start(tmp_path, command, environ):
    database = f"sqlite:///{tmp_path}/db.sqlite3"
    command = command.format(port=free_port()).split()
    start = python(ROOT, *command, THINGS_DATABASE_URL=database, **environ)
    assert start.returncode == 1
    assert start.stderr.splitlines()[-1].startswith("THINGS_AUTH: ")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def everywhere():
    """Return a socket on all addresses, as from systemd, that nobody can connect to."""
    with socket.socket() as listener:
        listener.bind((EVERYWHERE, 0))
        yield listener


def test_a_socket_that_is_handed_over_is_known_by_its_own_address(everywhere):
    cfg = SimpleNamespace(address=[*HERE, everywhere.fileno()])
    assert inherited(cfg) == [everywhere.getsockname()]


def test_a_socket_of_systemd_is_known_by_its_own_address(everywhere, monkeypatch):
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setattr("gunicorn.systemd.SD_LISTEN_FDS_START", everywhere.fileno())
    assert inherited(SimpleNamespace(address=HERE)) == [everywhere.getsockname()]


#: Opens a socket on an address, and becomes a server that inherits it as from systemd.
ACTIVATE = """
import os, socket, sys
listener = socket.create_server((sys.argv[1], 0))
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
print("port", listener.getsockname()[1], flush=True)
os.execv(sys.executable, [sys.executable, "-m", "flask_things"])
"""


def test_a_socket_of_systemd_that_strangers_reach_is_refused(tmp_path):
    start = python(tmp_path, "-c", ACTIVATE, EVERYWHERE)
    assert start.returncode == 1
    assert start.stderr.splitlines()[-1].startswith("THINGS_AUTH: ")


@pytest.mark.sqlite
def test_the_url_of_a_socket_of_systemd_is_logged(serve):
    server = serve("-c", ACTIVATE, "127.0.0.1", wait=False)
    log = wait_until(lambda: "Stop with" in server.log.read_text() and server.log.read_text())
    port = re.search(r"^port (\d+)$", log, re.MULTILINE)[1]
    assert f"Open http://127.0.0.1:{port}/ " in log


@pytest.mark.sqlite
def test_a_master_that_replaces_itself_takes_its_port_over(serve):
    server = serve()
    server.process.send_signal(signal.SIGUSR2)
    new = wait_until(lambda: replaced(server))
    server.stop()
    try:
        assert server.request("GET", "/readyz")[0] == 200
    finally:
        os.kill(new, signal.SIGTERM)


def replaced(server):
    """Return the id of the master that has replaced a server, once it is ready."""
    masters = re.findall(r"Stop with Ctrl-C \(SIGTERM to process (\d+)\)", server.log.read_text())
    return len(masters) == 2 and int(masters[1])


def test_of_a_container_only_the_published_place_counts():
    published = ("127.0.0.1", 8080)
    assert places([(EVERYWHERE, 8080)], published) == [published]


@pytest.fixture
def taken():
    """Return a port in use."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_a_port_in_use_is_refused_with_one_line(tmp_path, taken):
    port = taken.getsockname()[1]
    start = python(tmp_path, "-m", "flask_things", PORT=str(port))
    assert start.returncode == 1
    [line] = [line for line in start.stderr.splitlines() if "[INFO]" not in line]
    assert line.startswith(f"PORT: {port} is in use.")
    assert not list(tmp_path.iterdir())


def test_a_port_that_stays_in_use_is_refused_after_a_second(taken):
    began = time.monotonic()
    with pytest.raises(BadSetting):
        refuse_unusable("PORT", *taken.getsockname())
    assert RELEASE_S <= time.monotonic() - began < RELEASE_S + 1


def test_a_port_that_is_released_in_a_moment_is_waited_for(taken):
    """The workers of a killed master release it when they notice."""
    Timer(0.2, taken.close).start()
    refuse_unusable("PORT", *taken.getsockname())


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(BadSetting, match=r"^HOST: 192\.0\.2\.1 is not an address of this machine"):
        refuse_unusable("PORT", "192.0.2.1", 8080)


def test_a_port_that_only_root_may_use_is_reported():
    """Root can listen on it, and some systems allow everyone."""
    error = PermissionError(errno.EACCES, "Permission denied")
    assert reason("PORT", "127.0.0.1", 80, error).startswith(
        "PORT: No permission to listen on port 80."
    )
