"""What clients get through real proxies; tests/deploy has nginx and Caddy as deploy/ has them."""

import gzip
import json

import pytest

from tests.support.proxies import haproxy, needs, nginx, varnish
from tests.support.server import JSON, request

pytestmark = pytest.mark.sqlite


@needs("varnishd")
def test_varnish_does_not_keep_a_404_after_the_thing_was_made(serve):
    server = serve()
    with varnish(server.port) as port:
        assert request(port, "GET", "/things/1")[0] == 404
        server.request("POST", "/things", {"text": "x"})
        assert request(port, "GET", "/things/1")[0] == 200


@needs("varnishd")
def test_varnish_does_not_keep_a_readiness_answer(serve):
    server = serve()
    with varnish(server.port) as port:
        assert request(port, "GET", "/readyz")[0] == 200
        server.stop()
        assert request(port, "GET", "/readyz")[0] == 503


@needs("nginx")
def test_a_tag_of_a_response_compressed_by_nginx_is_valid_for_a_write(serve):
    server = serve()
    gzip = "gzip on; gzip_types application/json;"
    behind = f"location / {{ proxy_pass http://127.0.0.1:{server.port}; }}"
    with nginx(gzip + behind) as port:
        check_tags(port)


@needs("haproxy")
def test_a_tag_of_a_response_compressed_by_haproxy_is_valid_for_a_write(serve):
    server = serve()
    with haproxy(server.port, "compression algo gzip") as port:
        check_tags(port)


@needs("haproxy")
def test_a_list_that_we_compressed_is_304_behind_haproxy(serve):
    server = serve()
    with haproxy(server.port, "compression algo gzip") as port:
        check_list(server, port)


@needs("varnishd")
def test_varnish_keeps_both_variants_of_a_list_apart(serve):
    server = serve()
    with varnish(server.port) as port:
        check_list(server, port)
        assert request(port, "GET", "/things")[2] == server.request("GET", "/things")[2]


def check_list(server, port):
    """Read a compressed list twice."""
    server.request("POST", "/things/bulk", [{"text": "buy milk"}] * 20)
    accepts = {"Accept-Encoding": "gzip"}
    _, got, body = request(port, "GET", "/things", headers=accepts)
    assert json.loads(gzip.decompress(body)) == server.request("GET", "/things")[2]
    assert got["ETag"].endswith('-gzip"')
    status, again, _ = request(
        port, "GET", "/things", headers=accepts | {"If-None-Match": got["ETag"]}
    )
    assert (status, again["ETag"]) == (304, got["ETag"])
    server.request("POST", "/things", {"text": "one more"})
    _, _, body = request(port, "GET", "/things", headers=accepts)
    assert len(json.loads(gzip.decompress(body))) == 21


def check_tags(port):
    """Write a thing with the ETag of its compressed list entry, and read it with the new one."""
    _, made, _ = request(port, "POST", "/things", {"text": "x" * 1000})
    path, accepts = made["Location"], JSON | {"Accept-Encoding": "gzip"}
    _, got, _ = request(port, "GET", path, headers=accepts)
    assert (got["Content-Encoding"], got["ETag"][:3]) == ("gzip", 'W/"')
    known = accepts | {"If-None-Match": got["ETag"]}
    assert request(port, "GET", path, headers=known)[0] == 304
    current = accepts | {"If-Match": got["ETag"]}
    statuses = [request(port, "PUT", path, {"text": text}, current)[0] for text in "yz"]
    assert statuses == [200, 412]
