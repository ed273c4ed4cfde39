"""What clients get through nginx and Caddy with the files of deploy/."""

import re
import socket
import ssl
import subprocess

import pytest

from flask_things.config import DEFAULTS
from tests.support.access_log import lines
from tests.support.fronts import DEPLOY, FRONTS, nginx_servers
from tests.support.proxies import caddy_command, needs, nginx_command
from tests.support.server import Server, request, wait_until

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server that trusts the proxies by name."""
    settings = {"THINGS_TRUSTED_PROXIES": "localhost"}
    server = Server(tmp_path_factory.mktemp("front"), settings, ["-m", "flask_things"], wait=True)
    yield server
    server.stop()


EACH = [pytest.param(name, marks=needs(name)) for name in FRONTS]
each = pytest.mark.parametrize("name", EACH)


@pytest.fixture(scope="module", params=EACH)
def front(request, server):
    """Return a proxy in front of the server."""
    with FRONTS[request.param](server.port) as front:
        yield front


def test_it_speaks_http_2(front):
    tls = ssl.create_default_context(cafile=front.authority)
    tls.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", front.port), timeout=10) as client,
        tls.wrap_socket(client, server_hostname="localhost") as connection,
    ):
        assert connection.selected_alpn_protocol() == "h2"


def test_http_leads_to_https(front):
    status, headers, _ = request(front.http_port, "POST", "/things", headers={"Host": "localhost"})
    assert status == 308
    assert headers["Location"].startswith("https://localhost")


def test_a_list_is_compressed_and_304(front):
    front.request("POST", "/things/bulk", [{"text": "buy milk"}] * 20)
    accepts = {"Accept-Encoding": "gzip"}
    _, got, _ = front.request("GET", "/things", headers=accepts)
    assert got["Content-Encoding"] == "gzip"
    known = accepts | {"If-None-Match": got["ETag"]}
    assert front.request("GET", "/things", headers=known)[0] == 304


def test_a_thing_has_its_plain_tag(front):
    _, made, _ = front.request("POST", "/things", {"text": "x" * 2000})
    _, got, _ = front.request("GET", made["Location"], headers={"Accept-Encoding": "gzip"})
    assert (got["ETag"], got["Content-Encoding"]) == (made["ETag"], None)


def test_an_event_comes_at_once(front):
    accepts = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}
    with front.connection() as connection:
        connection.request("GET", "/things/changes", headers=accepts)
        response = connection.getresponse()
        assert "Content-Encoding" not in response.headers
        front.request("POST", "/things", {"text": "x"})
        wait_until(lambda: response.readline() == b"event: created\n", seconds=5)
        response.close()


@each
def test_a_body_passes_as_it_comes(name):
    with socket.create_server(("127.0.0.1", 0)) as service:
        service.settimeout(5)
        with FRONTS[name](service.getsockname()[1]) as front, front.connection() as connection:
            connection.putrequest("POST", "/things/bulk")
            connection.putheader("Content-Length", "16000000")
            connection.endheaders(b"[")
            upstream = service.accept()[0]
            upstream.settimeout(5)
            with upstream, upstream.makefile("rb") as received:
                wait_until(lambda: received.readline() == b"\r\n")
                assert received.read(1) == b"["


def test_the_log_has_the_client_s_address(front, server):
    forged = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Prefix": "/evil"}
    _, got, page = front.request("GET", "/", headers=forged, client="127.0.0.5")
    what = {"request_id": got["X-Request-ID"]}
    wait_until(lambda: lines(server, **what))
    assert lines(server, **what)[0]["client"] == "127.0.0.5"
    assert b"/evil" not in page


@needs("nginx")
def test_nginx_accepts_its_file(tmp_path):
    servers = nginx_servers(str(tmp_path), 8080, 8081, 8443)
    checked = subprocess.run([*nginx_command(str(tmp_path), servers), "-t"], stderr=-1, text=True)
    assert (checked.returncode, "[warn]" in checked.stderr) == (0, False), checked.stderr


@needs("caddy")
def test_caddy_accepts_its_file(tmp_path):
    file, domain = DEPLOY / "Caddyfile", {"THINGS_DOMAIN": "things.example"}
    validate = caddy_command(str(tmp_path), "validate", file, **domain)
    checked = subprocess.run(validate, stderr=-1, stdout=-1, text=True)
    assert checked.returncode == 0, checked.stderr
    formatted = subprocess.run(["caddy", "fmt", file], stdout=-1, text=True).stdout
    assert formatted == file.read_text()


def test_a_proxy_closes_an_idle_connection_before_the_server_does():
    """Otherwise a POST can meet one that is just being closed, and is 502."""
    nginx, caddy = ((DEPLOY / name).read_text() for name in ("nginx.conf", "Caddyfile"))
    pools = [*re.findall(r"^upstream.*?keepalive_timeout (\d+)s", nginx, re.MULTILINE | re.DOTALL)]
    pools += re.findall(r"^\s+keepalive (\d+)s", caddy, re.MULTILINE)
    assert len(pools) == 2
    assert all(int(seconds) < int(DEFAULTS["THINGS_KEEPALIVE_S"]) for seconds in pools)
