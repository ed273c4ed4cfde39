"""The service below a proxy's path: every URL in responses has the prefix."""

import re
from urllib.parse import urljoin

import pytest

from tests.support.pages import PAGES
from tests.support.proxies import caddy, needs, nginx
from tests.support.server import next_page, request

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

API = {"X-Forwarded-Prefix": "/api"}


def below_api(program, server):
    """Return the page's rules with which a proxy publishes a server below a path."""
    rules = re.search(rf"```{program}\n(.*?)```", PAGES["operations.md"], re.DOTALL)[1]
    assert ":8080" in rules
    return rules.replace(":8080", f":{server.port}")


@pytest.fixture
def environ(environ):
    """Return settings with a trusted proxy."""
    return environ | {"THINGS_TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture
def things(client):
    """Store some things."""
    client.post("/things/bulk", json=[{"text": "a"}, {"text": "b"}])


@pytest.mark.parametrize("prefix", ["/api", "/api/", "/other, /api", "/a-b/v1.0/~c_d"])
def test_a_new_thing_has_its_url_below_the_prefix(client, prefix):
    answer = client.post("/things", json={"text": "x"}, headers={"X-Forwarded-Prefix": prefix})
    assert answer.headers["Location"] == prefix.split(", ")[-1].rstrip("/") + "/things/1"


def test_a_list_leads_to_its_next_page_below_the_prefix(client, things):
    """Also if another client's request without the prefix was cached."""
    for prefix in ("", "/api", "/other", "") * 2:
        page = client.get("/things?limit=1", headers={"X-Forwarded-Prefix": prefix})
        assert next_page(page.headers).startswith(f"{prefix}/things?limit=1&cursor=")


@pytest.mark.parametrize("path", ["/things", "/things/"])
def test_a_path_with_a_slash_at_its_end_is_the_same(client, things, path):
    page = client.get(path, query_string={"limit": 1}, headers=API)
    assert (page.status_code, page.json[0]["id"]) == (200, 1)


@pytest.mark.parametrize(("path", "number"), [("/", 6), ("/docs", 6)])
def test_a_page_has_everything_below_the_prefix(client, path, number):
    page = client.get(path, headers=API).text
    links = re.findall(r'(?:src|href|data-url)="([^"]+)"', page)
    assert len(links) == number
    for link in links:
        assert link.startswith("/api/")
        with client.get(link.removeprefix("/api"), headers=API) as file:
            assert file.status_code == 200


def test_the_document_names_the_prefix_as_its_server(client):
    plain, below = client.get("/openapi.json"), client.get("/openapi.json", headers=API)
    assert plain.json["servers"] == [{"url": "/"}]
    assert below.json["servers"] == [{"url": "/api"}]
    assert plain.json["paths"] == below.json["paths"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_a_cached_response_of_another_prefix_is_not_current(client, path):
    tag = client.get(path).headers["ETag"]
    known = {"If-None-Match": tag}
    assert client.get(path, headers=known).status_code == 304
    assert client.get(path, headers=known | API).status_code == 200


def test_a_retry_by_another_way_leads_to_the_same_thing(client):
    """The stored response has the URL of the first request."""
    key = {"Idempotency-Key": "1"}
    for prefix in ("/api", "", "/other"):
        headers = key | {"X-Forwarded-Prefix": prefix}
        answer = client.post("/things", json={"text": "x"}, headers=headers)
        assert answer.headers["Location"] == f"{prefix}/things/1"


def test_a_prefix_does_not_change_the_etag_of_a_thing(client, things):
    tag = client.get("/things/1", headers=API).headers["ETag"]
    assert client.get("/things/1").headers["ETag"] == tag


HOSTILE = [
    *("//evil.example", "/\\evil.example", "\\\\evil.example", "/..", "/../x", "/.", "/a//b"),
    *("https://evil.example", "javascript:alert(1)", "api", "/", "", "/a?b", "/a#b", "/a;b"),
    *('/"><script>', "/'x", "/a b", "/%2f%2fevil.example", "/%0d%0aX: y", "/ä", "/a:b@c", "/api,"),
]


@pytest.mark.parametrize("prefix", HOSTILE)
def test_an_invalid_prefix_is_ignored(client, things, prefix):
    headers = {"X-Forwarded-Prefix": prefix}
    for page in ("/", "/docs"):
        assert client.get(page, headers=headers).data == client.get(page).data
    assert client.get("/openapi.json", headers=headers).json["servers"] == [{"url": "/"}]
    page = client.get("/things?limit=1", headers=headers)
    assert next_page(page.headers).startswith("/things?")


def test_a_prefix_from_an_untrusted_peer_is_ignored(client):
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    assert client.get("/", headers=API).data == client.get("/").data


@pytest.mark.sqlite
@needs("nginx")
def test_behind_nginx_every_url_leads_back_through_it(serve):
    server = serve()
    with nginx(below_api("nginx", server)) as port:
        check_urls(port)


@pytest.mark.sqlite
@needs("caddy")
def test_behind_caddy_every_url_leads_back_through_it(serve):
    server = serve()
    with caddy(below_api("caddyfile", server)) as port:
        check_urls(port)


@pytest.mark.sqlite
def test_a_server_that_gets_the_whole_path_takes_its_prefix_from_script_name(serve):
    check_urls(serve(SCRIPT_NAME="/api").port)


def check_urls(port):
    """Follow every URL of a service below /api."""
    _, made, _ = request(port, "POST", "/api/things", {"text": "a"})
    assert request(port, "GET", made["Location"])[2]["text"] == "a"
    request(port, "POST", "/api/things", {"text": "b"})
    _, page, _ = request(port, "GET", "/api/things?limit=1")
    assert request(port, "GET", next_page(page))[2][0]["text"] == "b"
    for path in ("/api/", "/api/docs"):
        status, _, page = request(port, "GET", path)
        assert status == 200
        for link in re.findall(r'(?:src|href|data-url)="([^"]+)"', page.decode()):
            assert request(port, "GET", urljoin(path, link))[0] == 200


@pytest.mark.sqlite
def test_nothing_is_beside_the_prefix(serve):
    server = serve(SCRIPT_NAME="/api")
    for path in ("/things", "/apithings", "/apis/things", "/", "/things/1"):
        status, headers, _ = server.request("GET", path)
        assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert "Traceback" not in server.log.read_text()
