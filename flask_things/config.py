"""Settings: from environment variables to the application's configuration."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from flask_things import setting_values

VERSION = version("flask-things")


class BadSetting(SystemExit):
    """A setting is invalid.

    It is a SystemExit, so gunicorn, `flask` and scripts print its one line and exit with code 1.
    """


def _setting(default: str, meaning: str, field: Any = fields.Function, **options: Any) -> Any:
    """Return a field with its default, as written in the environment, and its meaning."""
    return field(metadata={"default": default, "meaning": meaning}, **options)


class Settings(Schema):
    """The settings, named as in the environment."""

    class Meta:
        unknown = EXCLUDE

    THINGS_DATABASE_URL = _setting(
        "sqlite:///data/db.sqlite3",
        "the database: a SQLite file (four slashes for an absolute path) or a PostgreSQL server",
        deserialize=setting_values.database_url,
    )
    THINGS_BUSY_TIMEOUT_MS = _setting(
        "5000",
        "how long a write waits for others before the response is 503, in milliseconds",
        fields.Integer,
        validate=validate.Range(1, 600_000),
    )
    THINGS_SQLITE_SYNCHRONOUS = _setting(
        "FULL",
        "FULL, or NORMAL for faster writes, of which a power failure can lose the last ones",
        fields.String,
        validate=validate.OneOf(["FULL", "NORMAL"]),
    )
    THINGS_KEEP_DAYS = _setting(
        "30",
        "how many days deleted rows and old versions are kept; 0 keeps none",
        fields.Integer,
        validate=validate.Range(0, 36_500),
    )
    THINGS_AUTH = _setting(
        "off",
        "which requests need a token: off (none), write (writes), all (reads and writes)",
        fields.String,
        validate=validate.OneOf(["off", "write", "all"]),
    )
    THINGS_TRUSTED_HOSTS = _setting(
        "",
        "accepted values of the Host header; empty accepts any",
        deserialize=setting_values.hosts,
    )
    THINGS_TRUSTED_PROXIES = _setting(
        "",
        "addresses, networks and names of proxies whose X-Forwarded-* headers are used",
        deserialize=setting_values.proxies,
    )
    THINGS_CORS_ORIGINS = _setting(
        "", "origins of web pages that may call the API (CORS)", deserialize=setting_values.origins
    )
    THINGS_RATE_LIMIT = _setting(
        "",
        "requests per client, such as 100/minute; empty for no limit",
        deserialize=setting_values.rate_limit,
    )
    THINGS_REDIS_URL = _setting(
        "",
        "the Redis server that shares rate-limit counts, such as redis://localhost:6379/0",
        deserialize=setting_values.redis_url,
    )
    THINGS_WEBHOOK_SECRET = _setting(
        "",
        "the key that signs webhooks: whsec_ and 24 to 64 bytes in base64; two during a rotation",
        deserialize=setting_values.webhook_secrets,
    )
    HOST = _setting("127.0.0.1", "the IP address to listen on", deserialize=setting_values.address)
    PORT = _setting(
        "8080", "the port to listen on", fields.Integer, validate=validate.Range(1, 65535)
    )
    THINGS_PUBLISHED = _setting(
        "",
        "the published address of a container's port, such as 127.0.0.1:8080",
        deserialize=setting_values.published,
    )
    SCRIPT_NAME = _setting(
        "", "the path prefix of all URLs, such as /api", deserialize=setting_values.prefix
    )
    WEB_CONCURRENCY = _setting(
        "2", "worker processes", fields.Integer, validate=validate.Range(1, 256)
    )
    THINGS_KEEPALIVE_S = _setting(
        "75",
        "how long an idle connection stays open, in seconds",
        fields.Integer,
        validate=validate.Range(1, 3600),
    )
    THINGS_METRICS_HOST = _setting(
        "127.0.0.1", "the IP address of /metrics", deserialize=setting_values.address
    )
    THINGS_METRICS_PORT = _setting(
        "0",
        "the port of /metrics; 0 disables it",
        fields.Integer,
        validate=validate.Range(0, 65535),
    )
    THINGS_SERVER_TIMING = _setting(
        "off",
        "on adds a Server-Timing header to responses",
        fields.Boolean,
        truthy={"on"},
        falsy={"off"},
    )


#: The defaults by name, as written in the environment.
DEFAULTS: dict[str, str] = {
    name: field.metadata["default"] for name, field in Settings().fields.items()
}

#: Variables with our prefix that only docker-compose.yaml reads.
COMPOSE = {"THINGS_HOST", "THINGS_DOMAIN", "THINGS_DATA", "THINGS_REPLICA"}

#: Variables that Kubernetes sets for a service named things or things-…
#: (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
KUBERNETES = re.compile(r"THINGS_(\w+_)?(SERVICE_(HOST|PORT\w*)=|PORT_\d+_\w+=|PORT=\w+://)")


def settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return all settings by name, checked and converted.

    Raises BadSetting for an invalid value, and for an unknown name that starts with THINGS_.
    """
    for name, value in environ.items():
        is_known = name in DEFAULTS or name in COMPOSE or KUBERNETES.match(f"{name}={value}")
        if name.startswith("THINGS_") and not is_known:
            raise BadSetting(f"{name}: Unknown setting. Did you mean {_closest(name)}?")
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
