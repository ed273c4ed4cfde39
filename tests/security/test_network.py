"""What is trusted: hosts, proxies and the web pages of others."""

import pytest

from flask_things.security.network import CORS_RULES, Proxied
from flask_things.setting_values import networks

#: The database makes no difference: one is enough.
pytestmark = pytest.mark.sqlite

EVIL = "evil.example"


@pytest.fixture
def more():
    """Return settings besides the usual ones."""
    return {}


@pytest.fixture
def environ(environ, more):
    """Return all settings."""
    return environ | more


HOSTS = pytest.mark.parametrize(
    "more", [{"THINGS_TRUSTED_HOSTS": "Things.Example., .org.example, [2001:DB8:0::1], fd00::2"}]
)
ORIGINS = pytest.mark.parametrize("more", [{"THINGS_CORS_ORIGINS": "https://a.example"}])
TWO = pytest.mark.parametrize("more", [{"THINGS_CORS_ORIGINS": "https://a.example,http://b:81"}])


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
def test_a_named_host_is_served_however_it_is_written(client, host):
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
def test_a_host_that_is_almost_named_is_400(client, host):
    assert client.get("/things", headers={"Host": host}).status_code == 400


@HOSTS
def test_an_answer_in_memory_is_not_for_an_unknown_host(client):
    headers = {"Host": "things.example"}
    assert [client.get("/things", headers=headers).status_code for _ in range(2)] == [200, 200]
    assert client.get("/things", headers={"Host": EVIL}).status_code == 400


def test_every_host_is_served_where_none_is_named(client):
    assert client.get("/things", headers={"Host": EVIL}).status_code == 200


def test_http_1_1_without_a_host_is_400(serve):
    server = serve()
    request = b"GET /things HTTP/%s\r\nConnection: close\r\n\r\n"
    assert server.raw(request % b"1.1").split()[1] == b"400"
    assert server.raw(request % b"1.0").split()[1] == b"200"


def told(peer, proxies="10.0.0.0/8, ::1", **fields):
    """Return what an application behind trusted proxies learns of its client."""
    seen = {}

    def app(environ, _start_response):
        seen.update(environ)
        return []

    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", "HTTP_HOST": "here", **fields}
    Proxied(app, networks(proxies))(environ, None)
    return seen["REMOTE_ADDR"], seen["wsgi.url_scheme"], seen["HTTP_HOST"]


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "192.0.2.66, 192.0.2.1",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "things.example",
}


@pytest.mark.parametrize("peer", ["10.1.2.3", "::1", "::ffff:10.1.2.3"])
def test_a_listed_proxy_is_trusted_in_what_it_adds_itself(peer):
    assert told(peer, **FORWARDED) == ("192.0.2.1", "https", "things.example")


@pytest.mark.parametrize("peer", ["192.0.2.9", "127.0.0.1", ""])
def test_nobody_else_is_trusted(peer):
    assert told(peer, **FORWARDED) == (peer, "http", "here")


def test_a_listed_proxy_that_says_nothing_is_the_client():
    assert told("10.0.0.1") == ("10.0.0.1", "http", "here")


@pytest.mark.parametrize("peer", ["10.0.0.7", "::ffff:10.0.0.7"])
def test_a_proxy_may_be_named_as_ipv6_has_its_address(peer):
    assert told(peer, "::ffff:10.0.0.7", **FORWARDED) == ("192.0.2.1", "https", "things.example")


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
    assert told("10.0.0.1", HTTP_X_FORWARDED_FOR=field)[0] == client


@pytest.mark.parametrize("field", ["", "x", "unknown", "_hidden", "1.2.3", "203.0.113.9,", "[x]:1"])
def test_a_client_without_an_address_is_its_proxy(field):
    assert told("10.0.0.1", HTTP_X_FORWARDED_FOR=field)[0] == "10.0.0.1"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"THINGS_TRUSTED_HOSTS": "here", "THINGS_TRUSTED_PROXIES": "127.0.0.1"}, 400),
        ({"THINGS_TRUSTED_HOSTS": "here"}, 200),
    ],
)
def test_the_setting_says_whether_a_proxy_is_trusted(client, status):
    answer = client.get("/things", headers={"X-Forwarded-Host": EVIL})
    assert answer.status_code == status


@pytest.mark.parametrize(
    "origin", ["https://b.example", "http://a.example", "null", "https://a.example.evil"]
)
@ORIGINS
def test_another_origin_sees_nothing(client, origin):
    answers = [client.get("/things", headers={"Origin": origin}), preflight(client, origin)]
    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)


def test_no_origin_sees_anything_where_none_is_named(client):
    answer = preflight(client, "https://a.example")
    assert not any(name.startswith("Access-Control") for name, _ in answer.headers)


def preflight(client, origin, method="PUT"):
    """Ask as a browser does before a write."""
    asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "if-match"}
    return client.options("/things/1", headers={"Origin": origin, **asks})


@TWO
def test_a_page_of_a_named_origin_may_write_and_see_what_it_needs(client):
    for origin in ("https://a.example", "http://b:81"):
        answer = preflight(client, origin)
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"].lower() == "if-match"
        seen = client.get("/things", headers={"Origin": origin}).headers
        assert {"ETag", "Link"} < set(seen["Access-Control-Expose-Headers"].split(", "))


@ORIGINS
def test_a_page_of_a_named_origin_may_go_on_with_a_stream(client):
    asks = {"Access-Control-Request-Method": "GET", "Origin": "https://a.example"}
    asks["Access-Control-Request-Headers"] = "last-event-id"
    answer = client.options("/things/changes", headers=asks)
    assert answer.headers["Access-Control-Allow-Headers"].lower() == "last-event-id"


@ORIGINS
def test_a_page_of_a_named_origin_sees_errors_too(client):
    answer = client.get("/things/1", headers={"Origin": "https://a.example"})
    assert answer.status_code == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"


@pytest.mark.parametrize("more", [{"THINGS_RATE_LIMIT": "9/hour"}])
def test_a_page_may_see_every_header_that_the_document_promises(client):
    """Besides those that it sees of every answer (https://fetch.spec.whatwg.org)."""
    promised = {name.lower() for name in header_names(client.get("/openapi.json").json)}
    promised |= {name.lower() for name, _ in client.get("/things").headers}
    unseen = {"content-security-policy", "x-content-type-options"}
    safe = {"cache-control", "content-length", "content-type"}
    exposed = {name.lower() for name in CORS_RULES["expose_headers"]}
    assert promised - unseen - safe <= exposed


def header_names(document):
    """Return the names of all header fields of answers, anywhere in a document."""
    if isinstance(document, list):
        document = dict(enumerate(document))
    if not isinstance(document, dict):
        return
    if "description" in document:
        yield from document.get("headers", ())
    for value in document.values():
        yield from header_names(value)


@pytest.mark.sqlite
@TWO
def test_answers_in_memory_are_told_apart_by_their_origins(client):
    for origin in ("https://a.example", "http://b:81", "https://evil.example", None) * 2:
        headers = {"Origin": origin} if origin else {}
        answer = client.get("/things", headers=headers)
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed == (None if origin == "https://evil.example" else origin)
        assert answer.headers.getlist("Vary") == ["Accept-Encoding, Origin"]


@pytest.mark.parametrize(
    "more", [{"THINGS_CORS_ORIGINS": "https://a.example", "THINGS_AUTH": "all"}]
)
def test_a_browser_asks_before_it_sends_a_token(client):
    assert preflight(client, "https://a.example").status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {
            "THINGS_CORS_ORIGINS": "https://a.example",
            "THINGS_AUTH": "all",
            "THINGS_RATE_LIMIT": "1/hour",
        }
    ],
)
def test_a_page_may_see_why_it_is_refused(client):
    for status in (401, 429):
        answer = client.get("/things", headers={"Origin": "https://a.example"})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
        exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert {"RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate"} < exposed
