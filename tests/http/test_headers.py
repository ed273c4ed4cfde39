"""The header fields of every response."""

import pytest

from flask_things.http import headers

#: The database makes no difference, so one is enough.
pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    "path", ["/things", "/nowhere", "/docs", "/openapi.json", "/docs/assets/x"]
)
def test_every_response_has_an_id_and_nosniff(client, path):
    first, second = client.get(path), client.get(path)
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ("GET /healthz", 200),
        ("GET /readyz", 200),
        ("GET /things/1", 404),
        ("GET /nowhere", 404),
        ("DELETE /things", 405),
        ("POST /things", 415),
        ("GET /things?x=1", 422),
        ("GET /docs/assets/x", 404),
        ("OPTIONS /things", 200),
        ("GET /things.csv", 200),
    ],
)
def test_no_cache_may_store_problems_and_health_checks(client, call, status):
    method, path = call.split()
    with client.open(path, method=method) as response:
        assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")


def test_gunicorns_errors_are_not_cacheable(serve):
    assert b"\r\nCache-Control: no-store\r\n" in serve().raw(b"no HTTP\r\n\r\n")


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/static/docs.js", "/things"])
def test_a_browser_may_keep_pages_and_asks_before_it_uses_them(client, path):
    with client.get(path) as response:
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("sent", "kept"), [("a-B.7_", True), ("x" * 128, True), ("x" * 129, False)]
)
def test_a_usable_request_id_is_kept(client, sent, kept):
    response = client.get("/things", headers={"X-Request-ID": sent})
    assert (response.headers["X-Request-ID"] == sent) is kept


@pytest.mark.parametrize("sent", ["", "a b", "a,b", "ä", "a\tb"])
def test_another_request_id_is_replaced(client, sent):
    response = client.get("/things", headers={"X-Request-ID": sent})
    assert response.headers["X-Request-ID"] not in ("", sent)


def test_a_field_that_a_response_has_is_not_added(app):
    """A fork's view may write its name in another case."""

    def view(_environ, start_response):
        start_response("200 OK", [("cache-control", "no-cache")])
        return []

    app.wsgi_app = headers.Headers(view)
    assert app.test_client().get("/").headers.getlist("Cache-Control") == ["no-cache"]
