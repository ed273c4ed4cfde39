"""Trusted hosts and trusted proxies."""

import pytest

from flask_things.security import network
from flask_things.security.network import Proxied
from flask_things.setting_values import proxies as listed

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

EVIL = "evil.example"

HOSTS = pytest.mark.parametrize(
    "more", [{"THINGS_TRUSTED_HOSTS": "Things.Example., .org.example, [2001:DB8:0::1], fd00::2"}]
)


@pytest.mark.parametrize("path", ["/", "/things", "/docs", "/openapi.json", "/x"])
@HOSTS
def test_an_unknown_host_is_400_and_led_nowhere(client, path):
    answer = client.get(path, headers={"Host": EVIL})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "host",
    [
        *("things.example:81", "THINGS.example", "things.example.", "things.example.:81"),
        *("org.example", "a.b.org.example", "A.B.Org.Example.:81"),
        *("127.0.0.1:80", "localhost.", "[::1]", "[::1]:8080"),
        *("[2001:db8::1]", "[2001:DB8:0:0::1]:81", "[fd00::2]:81"),
    ],
)
@HOSTS
def test_a_listed_host_is_served_however_it_is_written(client, host):
    assert client.get("/things", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", [EVIL, "10.1.2.3:8080", "[fd00::7]:8080", "a_b", ""])
@HOSTS
def test_a_probe_is_answered_under_any_host(client, path, host):
    """Kubernetes and load balancers call a service by its address."""
    assert client.get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("", "xthings.example", "a.things.example", "org.example.evil", "things.example.."),
        *(
            ".org.example",
            ".things.example",
            "things.example:x",
            "[::2]",
            "::1",
            "10.1.2.3",
        ),
    ],
)
@HOSTS
def test_a_host_similar_to_a_listed_one_is_400(client, host):
    assert client.get("/things", headers={"Host": host}).status_code == 400


@HOSTS
def test_an_answer_in_memory_is_not_for_an_unknown_host(client):
    headers = {"Host": "things.example"}
    assert [client.get("/things", headers=headers).status_code for _ in range(2)] == [200, 200]
    assert client.get("/things", headers={"Host": EVIL}).status_code == 400


def test_every_host_is_served_if_none_is_listed(client):
    assert client.get("/things", headers={"Host": EVIL}).status_code == 200


def test_http_1_1_without_a_host_is_400(serve):
    server = serve()
    request = b"GET /things HTTP/%s\r\nConnection: close\r\n\r\n"
    assert server.raw(request % b"1.1").split()[1] == b"400"
    assert server.raw(request % b"1.0").split()[1] == b"200"


def seen(peer, proxies="10.0.0.0/8, ::1", **fields):
    """Return what an application behind trusted proxies knows about its client."""
    seen = {}

    def app(environ, _start_response):
        seen.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "here", **fields}
    Proxied(app, listed(proxies))(environ, None)
    return seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen["HTTP_HOST"]


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "192.0.2.66, 192.0.2.1",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "things.example",
}


@pytest.mark.parametrize("peer", ["10.1.2.3", "::1", "::ffff:10.1.2.3"])
def test_a_listed_proxy_is_trusted_for_the_values_that_it_adds(peer):
    assert seen(peer, **FORWARDED) == ("192.0.2.1", "https", "things.example")


@pytest.mark.parametrize("peer", ["192.0.2.9", "127.0.0.1", ""])
def test_no_other_peer_is_trusted(peer):
    assert seen(peer, **FORWARDED) == (peer, "http", "here")


def test_a_listed_proxy_without_headers_is_the_client():
    assert seen("10.0.0.1") == ("10.0.0.1", "http", "here")


def test_a_proxy_is_trusted_by_its_name_wherever_that_leads_now(monkeypatch):
    """A container that is replaced may get another address."""
    at = iter(["10.0.0.7", "10.0.0.8"])
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_: [(0, 0, 0, "", (next(at), 0))])
    monkeypatch.setattr(network, "NAMES_S", -1)
    proxied = Proxied(lambda environ, _: [environ["REMOTE_ADDR"]], listed("Caddy"))
    peers = ["10.0.0.7", "10.0.0.7"]
    assert [proxied({"REMOTE_ADDR": peer, **FORWARDED}, None) for peer in peers] == [
        ["192.0.2.1"],
        ["10.0.0.7"],
    ]


def test_a_name_that_does_not_resolve_is_not_trusted():
    assert seen("10.0.0.7", "nowhere.invalid", **FORWARDED)[0] == "10.0.0.7"


@pytest.mark.parametrize("peer", ["10.0.0.7", "::ffff:10.0.0.7"])
def test_a_proxy_may_be_named_as_ipv6_has_its_address(peer):
    assert seen(peer, "::ffff:10.0.0.7", **FORWARDED) == ("192.0.2.1", "https", "things.example")


@pytest.mark.parametrize(
    ("field", "client"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("192.0.2.66,203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ('", 203.0.113.9', "203.0.113.9"),
    ],
)
def test_a_client_is_its_address_without_port(field, client):
    assert seen("10.0.0.1", HTTP_X_FORWARDED_FOR=field)[0] == client


@pytest.mark.parametrize("field", ["", "x", "unknown", "_hidden", "1.2.3", "203.0.113.9,", "[x]:1"])
def test_a_client_without_an_address_is_its_proxy(field):
    assert seen("10.0.0.1", HTTP_X_FORWARDED_FOR=field)[0] == "10.0.0.1"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"THINGS_TRUSTED_HOSTS": "here", "THINGS_TRUSTED_PROXIES": "127.0.0.1"}, 400),
        ({"THINGS_TRUSTED_HOSTS": "here"}, 200),
    ],
)
def test_the_setting_decides_whether_a_proxy_is_trusted(client, status):
    answer = client.get("/things", headers={"X-Forwarded-Host": EVIL})
    assert answer.status_code == status
