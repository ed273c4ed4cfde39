"""Settings: from the environment to the application's configuration."""

from collections.abc import Mapping
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError


class BadSetting(SystemExit):
    """A setting has a value that cannot be used.

    A SystemExit, so that whatever starts the application, be it gunicorn, `flask` or a script,
    prints this one line and stops with exit code 1.
    """


def sqlite_url(value: str) -> URL:
    """Return the URL of a SQLite file, made absolute: Flask-SQLAlchemy has its own relative.

    Raises ValidationError; also for a database in memory, of which every worker would have its own.
    """
    refused = ValidationError("Not the URL of a SQLite file, like sqlite:///data/db.sqlite3.")
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise refused from error
    file = url.database or ":memory:"
    if url != URL.create("sqlite", database=file) or file.startswith((":memory:", "file:")):
        raise refused
    return url.set(database=str(Path(file).absolute()))


def address(value: str) -> str:
    """Return an address to listen on, with the brackets that IPv6 needs before a port.

    Raises ValidationError.
    """
    try:
        ip_address("127.0.0.1" if value == "localhost" else value)
    except ValueError as error:
        raise ValidationError("Neither an IP address nor localhost.") from error
    return f"[{value}]" if ":" in value else value


class Settings(Schema):
    """What may be set, by its name in the environment."""

    class Meta:
        unknown = EXCLUDE

    THINGS_DATABASE_URL = fields.Function(deserialize=sqlite_url)
    HOST = fields.Function(deserialize=address)
    PORT = fields.Integer(validate=validate.Range(1, 65535))
    WEB_CONCURRENCY = fields.Integer(validate=validate.Range(1, 256))


DEFAULTS = {
    "THINGS_DATABASE_URL": "sqlite:///data/db.sqlite3",
    "HOST": "127.0.0.1",
    "PORT": "8080",
    "WEB_CONCURRENCY": "2",
}


def settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting by its name, checked and of its proper type.

    Raises BadSetting (the start stops with its one line) for a value that cannot be used.
    """
    try:
        return dict(Settings().load({**DEFAULTS, **environ}))
    except ValidationError as error:
        reasons = (f"{name}: {' '.join(why)}" for name, why in sorted(error.messages_dict.items()))
        raise BadSetting(" ".join(reasons)) from error


def flask_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration of Flask and its extensions."""
    return {
        "SQLALCHEMY_DATABASE_URI": settings(environ)["THINGS_DATABASE_URL"],
        "API_TITLE": "flask-things",
        "API_VERSION": version("flask-things"),
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "API_SPEC_OPTIONS": {
            "info": {
                "description": "Things, each with a text. Errors are problem documents (RFC 9457).",
                "contact": {"name": "flask-things"},
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/"}],
        },
    }
