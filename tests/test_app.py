"""The application class finds the route of a request as Flask does."""

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest
from werkzeug.test import EnvironBuilder

from flask_things.app import create_app


@pytest.fixture
def app(tmp_path):
    return create_app({"THINGS_DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"path": "/things/1", "query_string": "q=%C3%BC&x=%FF", "method": "PUT"},
        {"path": "//things/%C3%BC"},
        {"base_url": "https://Example.org:443/api/v1"},
        {"base_url": "http://[::1]:8080/"},
        {"headers": {"Host": "xn--bcher-kva.example:80"}},
        {"headers": {"Host": "exa/mple org"}},
    ],
)
def test_a_request_is_bound_to_the_routes_as_by_flask(app, options):
    request = app.request_class(EnvironBuilder(**options).get_environ())
    ours, flasks = app.create_url_adapter(request), Flask.create_url_adapter(app, request)
    assert vars(ours) == vars(flasks)


def test_a_host_with_an_impossible_name_is_400(app):
    response = app.test_client().get("/healthz", headers={"Host": f"{'x' * 64}.org"})
    assert response.status_code == 400


def test_an_untrusted_host_of_flask_s_setting_is_400(app):
    app.config["TRUSTED_HOSTS"] = ["example.org"]
    with pytest.raises(BadRequest):
        app.create_url_adapter(app.request_class(EnvironBuilder().get_environ()))


def test_a_request_for_a_websocket_is_400(app):
    fields = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert app.test_client().get("/healthz", headers=fields).status_code == 400
