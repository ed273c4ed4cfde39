"""What clients get through real proxies."""

import pytest

from tests.proxies import needs, varnish
from tests.server import request

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
