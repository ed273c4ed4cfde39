"""CORS: what web pages of other origins may do and see."""

import pytest

from flask_things.security.network import CORS_RULES

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite

ORIGINS = pytest.mark.parametrize("more", [{"THINGS_CORS_ORIGINS": "https://a.example"}])
TWO = pytest.mark.parametrize("more", [{"THINGS_CORS_ORIGINS": "https://a.example,http://b:81"}])


@pytest.mark.parametrize(
    "origin", ["https://b.example", "http://a.example", "null", "https://a.example.evil"]
)
@ORIGINS
def test_another_origin_sees_nothing(client, origin):
    answers = [client.get("/things", headers={"Origin": origin}), preflight(client, origin)]
    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)


def test_no_origin_has_access_by_default(client):
    answer = preflight(client, "https://a.example")
    assert not any(name.startswith("Access-Control") for name, _ in answer.headers)


def preflight(client, origin, method="PUT"):
    """Send the preflight that a browser sends before a write."""
    asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "if-match"}
    return client.options("/things/1", headers={"Origin": origin, **asks})


@TWO
def test_a_page_of_a_listed_origin_may_write_and_read_headers(client):
    for origin in ("https://a.example", "http://b:81"):
        answer = preflight(client, origin)
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"].lower() == "if-match"
        seen = client.get("/things", headers={"Origin": origin}).headers
        assert {"ETag", "Link"} < set(seen["Access-Control-Expose-Headers"].split(", "))


@ORIGINS
def test_a_page_of_a_listed_origin_may_go_on_with_a_stream(client):
    asks = {"Access-Control-Request-Method": "GET", "Origin": "https://a.example"}
    asks["Access-Control-Request-Headers"] = "last-event-id"
    answer = client.options("/things/changes", headers=asks)
    assert answer.headers["Access-Control-Allow-Headers"].lower() == "last-event-id"


@ORIGINS
def test_a_page_of_a_listed_origin_sees_errors_too(client):
    answer = client.get("/things/1", headers={"Origin": "https://a.example"})
    assert answer.status_code == 404
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"


@pytest.mark.parametrize("more", [{"THINGS_RATE_LIMIT": "9/hour"}])
def test_a_page_may_see_every_header_that_the_document_promises(client):
    """In addition to those of every response (https://fetch.spec.whatwg.org)."""
    promised = {name.lower() for name in header_names(client.get("/openapi.json").json)}
    promised |= {name.lower() for name, _ in client.get("/things").headers}
    unseen = {"content-security-policy", "x-content-type-options"}
    safe = {"cache-control", "content-length", "content-type"}
    exposed = {name.lower() for name in CORS_RULES["expose_headers"]}
    assert promised - unseen - safe <= exposed


def header_names(document):
    """Return the names of all response header fields in a document."""
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
def test_cached_responses_differ_by_origin(client):
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
