"""The real server, in separate processes, on a real port."""

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

#: gunicorn's settings, for tests that extend them.
CONFIG = Path(__file__).parents[2] / "gunicorn.conf.py"


def free_port():
    """Return a free port that the system does not assign to others for a minute."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()
        return listener.getsockname()[1]


def wait_until(condition, seconds=20):
    """Wait until a condition is true, and return its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not in {seconds} s: {condition.__name__}")


def request(port, method, path, body=None, headers=JSON):
    """Return the status, headers and body of a response. JSON is parsed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        return response.status, response.headers, parse(response.headers, response.read())
    finally:
        connection.close()


class Server:
    """A started server, which is ready unless it cannot be."""

    def __init__(self, folder, environ, command, wait):
        """Start it in a folder with settings."""
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
        """Return whether /readyz succeeds. A server that has ended never will."""
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        try:
            return self.request("GET", f"{self.prefix}/readyz")[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None, headers=JSON):
        """Return the status, headers and body of a response. JSON is parsed."""
        return request(self.port, method, path, body, headers)

    def raw(self, data, end=False):
        """Send bytes, and return all bytes until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            with contextlib.suppress(ConnectionError):  # it may be rejected before its end
                connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        return received

    def workers(self):
        """Return the ids of the worker processes. Requires /proc."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]

    def stop(self, how=signal.SIGTERM):
        """Stop the server, and return its exit code and the duration in seconds.

        Print its log, which pytest shows if the test has failed.
        """
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        wait_until(self.has_ended)
        duration_s = time.monotonic() - started
        sys.stderr.write(self.log.read_text())
        return self.process.returncode, duration_s

    def has_ended(self):
        """Return whether the server has ended."""
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
    """Return whether a worker has received all data. Requires /proc."""
    port = f":{connection.getsockname()[1]:04X} "
    lines = [line for line in Path("/proc/net/tcp").read_text().splitlines() if port in line]
    return lines and all(line.split()[4] == "00000000:00000000" for line in lines)


def received(connection):
    """Return all bytes until the server closes the connection."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            data += piece
    return data


def every_thing(client, path="/things?limit=1000"):
    """Return the things of all pages, following the links."""
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
    """Run Python in a folder with settings, and return the completed process."""
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
    """Return the parsed body, or its bytes if it is compressed or not JSON."""
    is_json = "json" in headers.get("Content-Type", "") and "Content-Encoding" not in headers
    return json.loads(body) if is_json else body


def clean_environ():
    """Return this process's environment without our settings."""
    ours = ("THINGS_", "HOST", "PORT", "SCRIPT_NAME", "WEB_CONCURRENCY", "FLASK_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
