"""The application factory, the only place where the parts meet."""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import select

from flask_things import (
    cache,
    cli,
    db,
    headers,
    health,
    network,
    pages,
    problems,
    ratelimit,
    sight,
    store,
    things,
    tokens_cli,
    uploads,
)
from flask_things.api import Api
from flask_things.config import flask_config
from flask_things.json_provider import JSONProvider
from flask_things.migrations import migrate
from flask_things.models import Thing


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    """Return a new application with the settings that `environ` holds.

    Raises BadSetting (the process stops with one line).
    """
    app = Flask(__name__)
    app.config.from_mapping(flask_config(environ))
    app.json = JSONProvider(app)
    app.url_map.merge_slashes = False  # /things//1 is no path: the default redirects to /things/1

    db.init_app(app)
    migrate.init_app(app, db.db)
    headers.init_app(app)
    problems.init_app(app)

    api = Api(app)
    api.register_blueprint(things.blp)
    api.register_blueprint(health.blp)
    pages.init_app(app, api.spec)
    app.cli.add_command(cli.things)
    app.cli.add_command(tokens_cli.tokens)

    uploads.init_app(app)
    ratelimit.init_app(app)
    if not app.config["THINGS_RATE_LIMIT"]:  # who is answered from memory would not be counted
        cache.init_app(app)
    network.init_app(app)  # before the cache, which shall know from whom a request comes
    sight.init_app(app)
    app.shell_context_processor(shell_names)
    return app


def shell_names() -> dict[str, Any]:
    """Return what `flask shell` knows by name."""
    return {"db": db.db, "Thing": Thing, "select": select} | {
        name: getattr(store, name) for name in store.__all__
    }
