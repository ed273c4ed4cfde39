"""The application factory, which connects all parts."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import Flask, Request
from sqlalchemy import select
from werkzeug.routing import MapAdapter
from werkzeug.wsgi import get_host

from flask_things import cli, health
from flask_things.api.document import Api
from flask_things.config import flask_config
from flask_things.db import session
from flask_things.http import cache, headers, problems
from flask_things.http.json_provider import JSONProvider
from flask_things.migrations import migrate
from flask_things.observability import server_timing
from flask_things.resource.history import events
from flask_things.resource.routes import Resource
from flask_things.security import network, rate_limit
from flask_things.things import THINGS
from flask_things.transport import uploads
from flask_things.web import docs, page

#: All resources that the application serves.
RESOURCES: list[Resource] = [THINGS]


class App(Flask):
    """A Flask application without async functions, subdomains and Flask's SERVER_NAME.

    This spares every request some work.
    """

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function unchanged."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return the adapter that finds the route of a request. Raises BadHost (400)."""
        if (
            request is None or "HTTP_UPGRADE" in request.environ
        ):  # perhaps a WebSocket, which is 400
            return super().create_url_adapter(request)
        request.host = get_host(request.environ, self.config["TRUSTED_HOSTS"])
        return self.url_map.bind(
            request.host,
            request.root_path,
            "",
            request.scheme,
            request.method,
            request.path,
            request.query_string.decode(errors="replace"),
        )


def create_app(
    environ: Mapping[str, str] = os.environ, resources: Sequence[Resource] = RESOURCES
) -> Flask:
    """Return a new application with the settings in `environ`.

    Raises BadSetting, which stops the process with a one-line message.
    """
    app = App(__name__, static_folder=None, template_folder="web/templates")
    app.config.from_mapping(flask_config(environ))
    app.json = JSONProvider(app)
    app.url_map.merge_slashes = False  # //things is not /things; the default would redirect

    session.init_app(app)
    migrate.init_app(app, session.db)
    problems.init_app(app)

    api = Api(app)
    for resource in resources:
        api.register_blueprint(resource.blueprint)
    api.register_blueprint(health.blp)
    docs.init_app(app, api.document)
    page.init_app(app, resources, api.document)
    cli.init_app(app, resources)

    uploads.init_app(app)
    events.init_app(app)
    rate_limit.init_app(app)
    if not app.config["THINGS_RATE_LIMIT"]:  # responses from the cache would not be counted
        cache.init_app(app)
    headers.init_app(app)
    network.init_app(app)  # before the cache, whose keys need the client's host
    server_timing.init_app(app)
    app.extensions["resources"] = resources
    app.shell_context_processor(partial(shell_names, resources))
    return app


def shell_names(resources: Sequence[Resource]) -> dict[str, Any]:
    """Return the names that `flask shell` defines."""
    own = {name: value for one in resources for name, value in one.shell_names().items()}
    return {"db": session.db, "select": select} | own
