"""Settings: from the environment to the application's configuration."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from flask_things import values


class BadSetting(SystemExit):
    """A setting has a value that cannot be used.

    A SystemExit, so that whatever starts the application, be it gunicorn, `flask` or a script,
    prints this one line and stops with exit code 1.
    """


class Settings(Schema):
    """What may be set, by its name in the environment."""

    class Meta:
        unknown = EXCLUDE

    THINGS_DATABASE_URL = fields.Function(deserialize=values.database_url)
    THINGS_BUSY_TIMEOUT_MS = fields.Integer(validate=validate.Range(1, 600_000))
    THINGS_SQLITE_SYNCHRONOUS = fields.String(validate=validate.OneOf(["FULL", "NORMAL"]))
    THINGS_AUTH = fields.String(validate=validate.OneOf(["off", "write", "all"]))
    THINGS_TRUSTED_HOSTS = fields.Function(deserialize=values.hosts)
    THINGS_TRUSTED_PROXIES = fields.Function(deserialize=values.networks)
    THINGS_CORS_ORIGINS = fields.Function(deserialize=values.origins)
    THINGS_RATE_LIMIT = fields.Function(deserialize=values.rate_limit)
    THINGS_REDIS_URL = fields.Function(deserialize=values.redis_url)
    HOST = fields.Function(deserialize=values.address)
    PORT = fields.Integer(validate=validate.Range(1, 65535))
    SCRIPT_NAME = fields.Function(deserialize=values.prefix)
    WEB_CONCURRENCY = fields.Integer(validate=validate.Range(1, 256))
    THINGS_KEEPALIVE_S = fields.Integer(validate=validate.Range(1, 3600))
    THINGS_METRICS_PORT = fields.Integer(validate=validate.Range(0, 65535))
    THINGS_SERVER_TIMING = fields.Boolean(truthy={"on"}, falsy={"off"})


DEFAULTS = {
    "THINGS_DATABASE_URL": "sqlite:///data/db.sqlite3",
    "THINGS_BUSY_TIMEOUT_MS": "5000",
    "THINGS_SQLITE_SYNCHRONOUS": "FULL",
    "THINGS_AUTH": "off",
    "THINGS_TRUSTED_HOSTS": "",
    "THINGS_TRUSTED_PROXIES": "",
    "THINGS_CORS_ORIGINS": "",
    "THINGS_RATE_LIMIT": "",
    "THINGS_REDIS_URL": "",
    "HOST": "127.0.0.1",
    "PORT": "8080",
    "SCRIPT_NAME": "",
    "WEB_CONCURRENCY": "2",
    "THINGS_KEEPALIVE_S": "75",
    "THINGS_METRICS_PORT": "0",
    "THINGS_SERVER_TIMING": "off",
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


def refuse_open_door(
    environ: Mapping[str, str], addresses: Iterable[tuple[str, int] | str]
) -> None:
    """Raise BadSetting where everyone who reaches the addresses could write, and nobody said so."""
    hosts = [place[0].strip("[]") for place in addresses if isinstance(place, tuple)]
    open_ones = [host for host in hosts if host != "localhost" and not _is_loopback(host)]
    if open_ones and not environ.get("THINGS_AUTH"):
        raise BadSetting(
            f"THINGS_AUTH: everyone who reaches {open_ones[0]} could read and write. Set it to "
            "write or all, and make tokens; or, if everyone shall, to off."
        )


def _is_loopback(host: str) -> bool:
    address = values.ip(host)
    return bool(address and address.is_loopback)


def flask_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration of Flask and its extensions."""
    ours = settings(environ)
    return {
        **{name: value for name, value in ours.items() if name.startswith("THINGS_")},
        "SQLALCHEMY_DATABASE_URI": ours["THINGS_DATABASE_URL"],
        "API_TITLE": "flask-things",
        "API_VERSION": version("flask-things"),
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {
            "info": {
                "description": "Things, each with a text. Errors are problem documents (RFC 9457).",
                "contact": {"name": "flask-things"},
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/"}],
        },
    }
