"""The real server, in processes of its own, on a real port."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

JSON = {"Content-Type": "application/json"}

#: gunicorn's settings, for a test that adds to them.
CONFIG = Path(__file__).parents[2] / "gunicorn.conf.py"


def free_port():
    """Return a port that nobody listens on, and that for a minute the system gives to nobody else.

    A connection that the listening side closes first leaves it in TIME_WAIT, in which one can only
    listen on it by its number.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()
        return listener.getsockname()[1]


def wait_until(condition, seconds=20):
    """Wait for a condition to hold, and return what it said."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if said := condition():
            return said
        time.sleep(0.02)
    raise AssertionError(f"not in {seconds} s: {condition.__name__}")


def request(port, method, path, body=None, headers=JSON):
    """Return the status, the headers and the body of an answer, parsed if it is JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        return response.status, response.headers, parse(response.headers, response.read())
    finally:
        connection.close()


class Server:
    """A server that has been started, and is ready where it could be."""

    def __init__(self, folder, environ, command, wait):
        """Start it in a folder, with settings."""
        self.port = int(environ.get("PORT", 0)) or free_port()
        self.prefix = environ.get("SCRIPT_NAME", "")
        self.log = folder / f"server-{self.port}.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env=clean_environ() | {"PORT": str(self.port)} | environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if wait:
            wait_until(self.is_ready)

    def is_ready(self):
        """Tell whether /readyz says so; a server that has ended never will."""
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        try:
            return self.request("GET", f"{self.prefix}/readyz")[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None, headers=JSON):
        """Return the status, the headers and the body of an answer, parsed if it is JSON."""
        return request(self.port, method, path, body, headers)

    def raw(self, data, end=False):
        """Send bytes, and return every byte that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            with contextlib.suppress(ConnectionError):  # it may be refused before its end
                connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        return received

    def workers(self):
        """Return the ids of the worker processes; needs /proc."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]

    def stop(self, how=signal.SIGTERM):
        """Tell the server to stop, and return its exit code and the seconds that it took."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        wait_until(self.has_ended)
        return self.process.returncode, time.monotonic() - started

    def has_ended(self):
        """Tell whether the server has ended."""
        return self.process.poll() is not None


def connect(server):
    """Return a connection to a server."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def lets_in(server):
    try:
        connect(server).close()
    except ConnectionRefusedError:
        return False
    return True


def has_arrived(connection):
    """Tell whether a worker has taken all that was sent; needs /proc."""
    port = f":{connection.getsockname()[1]:04X} "
    lines = [line for line in Path("/proc/net/tcp").read_text().splitlines() if port in line]
    return lines and all(line.split()[4] == "00000000:00000000" for line in lines)


def received(connection):
    """Return every byte that comes until the server closes."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            data += piece
    return data


def every_thing(client, path="/things?limit=1000"):
    """Walk through all pages, by their links, and return what is on them."""
    things = []
    while path:
        page = client.get(path)
        things += page.json
        path = next_page(page.headers)
    return things


def next_page(headers):
    """Return the URL of the next page, or None on the last one."""
    link = re.fullmatch('<(.*)>; rel="next"', headers.get("Link", ""))
    return link and link[1]


def python(folder, *arguments, text=None, **environ):
    """Run Python in a folder, with settings, to its end; return what became of it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=clean_environ() | environ,
        input=text,
        capture_output=True,
        text=True,
        timeout=20,
    )


def parse(headers, body):
    """Return what a body holds, or its bytes if it is compressed or no JSON."""
    is_json = "json" in headers.get("Content-Type", "") and "Content-Encoding" not in headers
    return json.loads(body) if is_json else body


def clean_environ():
    """Return this process's environment without the settings of ours."""
    ours = ("THINGS_", "HOST", "PORT", "SCRIPT_NAME", "WEB_CONCURRENCY", "FLASK_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
