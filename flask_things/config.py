"""Settings: from the environment to the application's configuration."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from flask_things import setting_values

VERSION = version("flask-things")


class BadSetting(SystemExit):
    """A setting has a value that cannot be used.

    A SystemExit, so that whatever starts the application, be it gunicorn, `flask` or a script,
    prints this one line and stops with exit code 1.
    """


def _setting(default: str, meaning: str, field: Any = fields.Function, **options: Any) -> Any:
    """Return a field with its default, as it is written in the environment, and its meaning."""
    return field(metadata={"default": default, "meaning": meaning}, **options)


class Settings(Schema):
    """The settings, by their names in the environment."""

    class Meta:
        unknown = EXCLUDE

    THINGS_DATABASE_URL = _setting(
        "sqlite:///data/db.sqlite3",
        "the database: a SQLite file (four slashes for an absolute path) or a PostgreSQL server",
        deserialize=setting_values.database_url,
    )
    THINGS_BUSY_TIMEOUT_MS = _setting(
        "5000",
        "how long a write waits for others before it is answered with 503, in milliseconds",
        fields.Integer,
        validate=validate.Range(1, 600_000),
    )
    THINGS_SQLITE_SYNCHRONOUS = _setting(
        "FULL",
        "FULL, or NORMAL: faster writes, the last of which a power cut can lose",
        fields.String,
        validate=validate.OneOf(["FULL", "NORMAL"]),
    )
    THINGS_KEEP_DAYS = _setting(
        "30",
        "how many days deleted rows and old versions are kept; 0: not at all",
        fields.Integer,
        validate=validate.Range(0, 36_500),
    )
    THINGS_AUTH = _setting(
        "off",
        "what needs a token: off (nothing), write (writing), all (reading and writing)",
        fields.String,
        validate=validate.OneOf(["off", "write", "all"]),
    )
    THINGS_TRUSTED_HOSTS = _setting(
        "",
        "host names that requests may be sent to; empty for any",
        deserialize=setting_values.hosts,
    )
    THINGS_TRUSTED_PROXIES = _setting(
        "",
        "addresses, networks and names of proxies whose X-Forwarded-* headers are used",
        deserialize=setting_values.proxies,
    )
    THINGS_CORS_ORIGINS = _setting(
        "", "origins of web pages that may call the API", deserialize=setting_values.origins
    )
    THINGS_RATE_LIMIT = _setting(
        "",
        "requests per client, like 100/minute; empty for no limit",
        deserialize=setting_values.rate_limit,
    )
    THINGS_REDIS_URL = _setting(
        "",
        "the Redis server that counts them for all workers, like redis://localhost:6379/0",
        deserialize=setting_values.redis_url,
    )
    THINGS_WEBHOOK_SECRET = _setting(
        "",
        "what signs webhooks, like whsec_ and 24 to 64 bytes in base64; several while it changes",
        deserialize=setting_values.webhook_secrets,
    )
    HOST = _setting("127.0.0.1", "the IP address to listen on", deserialize=setting_values.address)
    PORT = _setting(
        "8080", "the port to listen on", fields.Integer, validate=validate.Range(1, 65535)
    )
    THINGS_PUBLISHED = _setting(
        "",
        "where a container's port is published, like 127.0.0.1:8080",
        deserialize=setting_values.published,
    )
    SCRIPT_NAME = _setting(
        "", "the path below which everything is, like /api", deserialize=setting_values.prefix
    )
    WEB_CONCURRENCY = _setting(
        "2", "worker processes", fields.Integer, validate=validate.Range(1, 256)
    )
    THINGS_KEEPALIVE_S = _setting(
        "75",
        "how long an idle connection is kept, in seconds",
        fields.Integer,
        validate=validate.Range(1, 3600),
    )
    THINGS_METRICS_HOST = _setting(
        "127.0.0.1", "the IP address of /metrics", deserialize=setting_values.address
    )
    THINGS_METRICS_PORT = _setting(
        "0",
        "the port of /metrics; 0 for none",
        fields.Integer,
        validate=validate.Range(0, 65535),
    )
    THINGS_SERVER_TIMING = _setting(
        "off",
        "on: responses have a Server-Timing header",
        fields.Boolean,
        truthy={"on"},
        falsy={"off"},
    )


#: The settings' defaults by name, as they are written in the environment.
DEFAULTS: dict[str, str] = {
    name: field.metadata["default"] for name, field in Settings().fields.items()
}

#: Names with our prefix that are not settings: docker-compose.yaml reads these itself.
COMPOSE = {"THINGS_HOST", "THINGS_DOMAIN", "THINGS_DATA", "THINGS_REPLICA"}

#: What Kubernetes sets for a service that is called things, or things-and-something
#: (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
KUBERNETES = re.compile(r"THINGS_(\w+_)?(SERVICE_(HOST|PORT\w*)=|PORT_\d+_\w+=|PORT=\w+://)")


def settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting by its name, checked and of its proper type.

    Raises BadSetting (the start stops with its one line) for a value that cannot be used, and for
    a name that begins with THINGS_ but is not a setting.
    """
    for name, value in environ.items():
        is_known = name in DEFAULTS or name in COMPOSE or KUBERNETES.match(f"{name}={value}")
        if name.startswith("THINGS_") and not is_known:
            raise BadSetting(f"{name}: There is no such setting. Did you mean {_closest(name)}?")
    try:
        return dict(Settings().load({**DEFAULTS, **environ}))
    except ValidationError as error:
        reasons = (f"{name}: {' '.join(why)}" for name, why in sorted(error.messages_dict.items()))
        raise BadSetting(" ".join(reasons)) from error


def _closest(name: str) -> str:
    known = {known.removeprefix("THINGS_"): known for known in DEFAULTS}
    return known[get_close_matches(name.removeprefix("THINGS_"), known, n=1, cutoff=0)[0]]


def flask_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration of Flask and its extensions."""
    ours = settings(environ)
    return {
        **{name: value for name, value in ours.items() if name.startswith("THINGS_")},
        "SQLALCHEMY_DATABASE_URI": ours["THINGS_DATABASE_URL"],
        "API_TITLE": "flask-things",
        "API_VERSION": VERSION,
        "OPENAPI_VERSION": "3.1.0",
    }
