"""gzip: which clients get it, and its effect on other requests."""

import gzip
import zlib
from contextlib import closing

import pytest
from flask import Response

from flask_things.http import compression
from flask_things.http.compression import coding, compressed
from tests.http.test_cache import statements
from tests.support.document import plain
from tests.support.server import CONFIG, connect, wait_until

pytestmark = pytest.mark.sqlite

GZIP = {"Accept-Encoding": "gzip"}


@pytest.mark.parametrize(
    "field",
    [
        *("gzip", "GZIP", "x-gzip", "deflate, gzip, br", "*", "gzip;q=0.001", "gzip; q=1.0"),
        *("br, gzip;q=0.5", "identity, gzip", "identity;q=0.5, gzip", "identity;q=0, *", "*;q=0.1"),
        *("gzip, *;q=0", "deflate;q=0, *", " ,gzip,", "br;q=1.0, gzip;q=0.8, *;q=0.1"),
    ],
)
def test_a_client_that_accepts_gzip_gets_it(field):
    assert coding(field) == "gzip"


@pytest.mark.parametrize(
    "field",
    [
        *(None, "", "identity", "br", "deflate, br", "gzip;q=0", "gzip;q=0.000", "x-gzip;q=0"),
        *("*;q=0", "*, gzip;q=0", "gzip;q=0, *", "*, x-gzip;q=0", "identity, gzip;q=0.5"),
        *("identity, *;q=0.5", "gzip;q=x", "gzip;q=2", "gzipped", "gzip;q=0.5, *;q=0.8"),
    ],
)
def test_a_client_that_does_not_accept_or_prefer_gzip_does_not(field):
    assert coding(field) is None


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/assets/swagger-ui-bundle.js"])
def test_a_document_and_files_are_compressed_and_have_a_tag_of_their_own(client, path):
    with client.get(path) as whole, client.get(path, headers=GZIP) as response:
        assert plain(response) == whole.data
        assert response.headers["Content-Encoding"] == "gzip"
        assert int(response.headers["Content-Length"]) == len(response.data) < len(whole.data)
        tag = whole.headers["ETag"]
        assert response.headers["ETag"] == tag[:-1] + '-gzip"'
        assert response.headers["Vary"] == whole.headers["Vary"] == "Accept-Encoding"
    for headers in ({}, GZIP):
        for known in (tag, tag[:-1] + '-gzip"'):
            with client.get(path, headers=headers | {"If-None-Match": known}) as again:
                assert (again.status_code, again.data) == (304, b"")
                assert again.headers["ETag"] == (response if headers else whole).headers["ETag"]
                assert again.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/docs/assets/swagger-ui.css", "/docs", "/openapi.json"])
@pytest.mark.parametrize("headers", [{}, GZIP])
def test_head_of_a_file_has_the_fields_of_get(client, path, headers):
    fields = []
    for method in ("GET", "HEAD"):
        with client.open(path, method=method, headers=headers) as response:
            fields.append(dict(response.headers, **{"X-Request-ID": ""}))
    assert fields[0] == fields[1]


@pytest.mark.parametrize("name", ["docs/assets/favicon-32x32.png", "static/page/icon.svg"])
def test_a_file_under_1_kb_is_sent_as_it_is(client, name):
    with client.get(f"/{name}", headers=GZIP) as response:
        assert "Content-Encoding" not in response.headers
        assert response.headers["Vary"] == "Accept-Encoding"


def test_a_file_obeys_if_match(client):
    with client.get("/static/docs.js") as response:
        tag = response.headers["ETag"]
    with client.get("/static/docs.js", headers={"If-Match": tag}) as response:
        assert response.status_code == 200
    assert client.get("/static/docs.js", headers={"If-Match": '"x"'}).status_code == 412


@pytest.mark.parametrize("path", ["/docs/assets/../__init__.py", "/static/../app.py", "/static/x"])
def test_only_files_of_the_folder_are_served(client, path):
    assert client.get(path).status_code == 404


def test_a_file_is_compressed_once(app, client, monkeypatch):
    calls = []
    monkeypatch.setattr(compression, "in_thread", lambda f, data: calls.append(f) or f(data))
    for _ in range(2):
        client.get("/docs/assets/swagger-ui-standalone-preset.js", headers=GZIP)
    assert len(calls) == 1


@pytest.mark.parametrize(("size", "is_compressed"), [(999, False), (1000, True)])
def test_responses_of_1_kb_are_compressed(app, size, is_compressed):
    with app.test_request_context(headers=GZIP):
        response = compressed(lambda: Response(b"x" * size))()
    assert ("Content-Encoding" in response.headers) is is_compressed


def test_a_long_answer_is_compressed_in_a_thread_and_counted_until_then(app, monkeypatch):
    held = []

    def in_thread(function, data):
        held.append(compression.DOWNLOADS._bytes)
        return function(data)

    monkeypatch.setattr(compression, "in_thread", in_thread)
    with app.test_request_context(headers=GZIP):
        compressed(lambda: Response(b"x" * compression.SMALL_BYTES))()
        compressed(lambda: Response(b"x" * 8_000_000))()
    assert held == [8_000_000]
    assert compression.DOWNLOADS._bytes == 0


def test_a_compressed_answer_comes_from_memory_the_next_time(app, client, monkeypatch):
    client.post("/things/bulk", json=[{"text": "buy milk"}] * 20)
    first = client.get("/things", headers=GZIP)
    monkeypatch.setattr(compression, "pack", None)
    with statements(app) as seen:
        again = client.get("/things", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert (seen, again.data) == ([], first.data)


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
def test_a_client_can_read_each_part_of_an_export_as_it_comes(client, kind):
    client.post("/things/bulk", json=[{"text": "x" * 50_000}] * 8)
    decompressor = zlib.decompressobj(wbits=31)
    with closing(client.get(f"/things.{kind}", headers=GZIP, buffered=False)) as response:
        parts = [decompressor.decompress(part) for part in response.iter_encoded()]
    assert all(len(part) >= 64 * 1024 for part in parts[:-2])
    assert len(parts) > 4
    assert decompressor.eof
    assert b"".join(parts) == client.get(f"/things.{kind}").data


#: Makes compression of a large body block its thread for 3 seconds.
SLOW = """
import zlib
from types import SimpleNamespace
from gevent import monkey
from flask_things.http import compression

def compress(data, **options):
    monkey.get_original("time", "sleep")(3 if len(data) > 128 * 1024 else 0)
    return zlib.compress(data, **options)

compression.zlib = SimpleNamespace(compress=compress)
"""


def test_others_are_served_while_a_large_page_is_compressed(serve, tmp_path):
    config = tmp_path / "slow.conf.py"
    config.write_text(CONFIG.read_text() + SLOW)
    server = serve("-m", "gunicorn", "--config", str(config), WEB_CONCURRENCY="1")
    server.request("POST", "/things/bulk", [{"text": "x" * 100_000}] * 10)
    served = 0
    with connect(server) as connection:
        connection.sendall(b"GET /things HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        connection.setblocking(False)
        while not _has_come(connection):
            assert server.request("GET", "/healthz")[0] == 200
            served += 1
    assert served > 5


def _has_come(connection):
    try:
        return connection.recv(1)
    except BlockingIOError:
        return b""


def test_the_log_has_the_compressed_size(serve):
    server = serve()
    server.request("POST", "/things/bulk", [{"text": "buy milk"}] * 20)
    for path in ("/things", "/things.csv"):
        _, fields, body = server.request("GET", path, headers=GZIP)
        assert fields["Content-Encoding"] == "gzip"
        assert gzip.decompress(body)
        line = f'"path": "{path}", "status": 200'
        wait_until(lambda line=line: line in server.log.read_text())
        [logged] = [one for one in server.log.read_text().splitlines() if line in one]
        assert f'"bytes": {len(body)}' in logged
