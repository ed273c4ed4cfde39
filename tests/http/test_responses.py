"""Whole responses are sent as Werkzeug would send them."""

import pytest
from flask import Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_things.http.responses import WholeResponse

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        (b"{}\n", 200, JSON | {"ETag": '"x"', "Cache-Control": "no-cache"}),
        ('"ü"'.encode(), 201, JSON | {"Location": "/things/1"}),
        (b"", 204, JSON),
        (b"{}\n", 304, JSON | {"ETag": '"x"'}),
    ],
)
def test_a_whole_response_is_sent_as_werkzeug_does(method, body, status, fields):
    def sent(response):
        parts, line, headers = run_wsgi_app(response, EnvironBuilder(method=method).get_environ())
        return b"".join(parts), line, sorted(headers.to_wsgi_list())

    assert sent(WholeResponse(body, status, fields)) == sent(Response(body, status, fields))


def test_the_body_of_a_whole_response_can_be_replaced():
    """As by compression."""
    response = WholeResponse(b"{}\n", 200, JSON)
    response.set_data(b"shorter")
    assert response.get_wsgi_response(EnvironBuilder().get_environ()) == (
        [b"shorter"],
        "200 OK",
        [("Content-Type", "application/json"), ("Content-Length", "7")],
    )


def test_a_function_for_the_end_of_a_whole_response_is_called():
    """A fork may add one, such as after a request."""
    called = []
    response = WholeResponse(b"{}\n", 200, JSON)
    response.call_on_close(lambda: called.append("closed"))
    parts, _, _ = run_wsgi_app(response, EnvironBuilder().get_environ())
    assert b"".join(parts) == b"{}\n"
    parts.close()
    assert called == ["closed"]
