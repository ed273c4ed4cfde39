"""The header fields that every response carries."""

import pytest


@pytest.mark.parametrize(
    "path", ["/things", "/nowhere", "/docs", "/openapi.json", "/docs/assets/x"]
)
def test_every_response_has_an_id_and_nosniff(client, path):
    first, second = client.get(path), client.get(path)
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


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
