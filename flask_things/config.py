"""Settings: from the environment to the application's configuration."""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

#: The names by which PostgreSQL's URLs are known, SQLAlchemy's first.
POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")

#: The name of a server, with a dot before it also all below it, or its IPv4 address.
HOST_NAME = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)

#: A web page's scheme, host and port (RFC 6454).
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?", re.IGNORECASE)

NO_DATABASE = (
    "Not the URL of a database, like sqlite:///data/db.sqlite3 or postgresql://localhost/things."
)


class BadSetting(SystemExit):
    """A setting has a value that cannot be used.

    A SystemExit, so that whatever starts the application, be it gunicorn, `flask` or a script,
    prints this one line and stops with exit code 1.
    """


def database_url(value: str) -> URL:
    """Return the URL of a database, with what SQLAlchemy needs to know.

    Raises ValidationError.
    """
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValidationError(NO_DATABASE) from error
    return postgresql_url(url) if url.drivername in POSTGRESQL else sqlite_url(url)


def sqlite_url(url: URL) -> URL:
    """Return the URL of a SQLite file, made absolute: Flask-SQLAlchemy has its own relative.

    Raises ValidationError; also for a database in memory, of which every worker would have its own.
    """
    file = url.database or ":memory:"
    if url != URL.create("sqlite", database=file) or file.startswith((":memory:", "file:")):
        raise ValidationError(NO_DATABASE)
    return url.set(database=str(Path(file).absolute()))


def postgresql_url(url: URL) -> URL:
    """Return the URL of a PostgreSQL database, for psycopg 3.

    Raises ValidationError if that is not installed.
    """
    if not find_spec("psycopg"):
        raise ValidationError("PostgreSQL needs psycopg: install flask-things[postgres].")
    return url.set(drivername=POSTGRESQL[0])


def address(value: str) -> str:
    """Return an address to listen on, with the brackets that IPv6 needs before a port.

    Raises ValidationError.
    """
    try:
        ip_address("127.0.0.1" if value == "localhost" else value)
    except ValueError as error:
        raise ValidationError("Neither an IP address nor localhost.") from error
    return f"[{value}]" if ":" in value else value


def items(value: str) -> list[str]:
    """Return what stands between commas."""
    return [item.strip() for item in value.split(",") if item.strip()]


def hosts(value: str) -> list[str]:
    """Return the names by which a server may be called; raise ValidationError for what is none."""
    if not all(HOST_NAME.fullmatch(host) for host in items(value)):
        raise ValidationError("Not names of hosts, like things.example, or .example for all of it.")
    return items(value)


def networks(value: str) -> list[IPv4Network | IPv6Network]:
    """Return networks, of which an address is one; raise ValidationError for what is none."""
    try:
        return [ip_network(item) for item in items(value)]
    except ValueError as error:
        raise ValidationError("Not addresses or networks, like 10.0.0.7 or 10.0.0.0/8.") from error


def origins(value: str) -> list[str]:
    """Return the origins of web pages; raise ValidationError for what is none."""
    if not all(ORIGIN.fullmatch(origin) for origin in items(value)):
        raise ValidationError("Not origins, like https://app.example.")
    return items(value)


class Settings(Schema):
    """What may be set, by its name in the environment."""

    class Meta:
        unknown = EXCLUDE

    THINGS_DATABASE_URL = fields.Function(deserialize=database_url)
    THINGS_BUSY_TIMEOUT_MS = fields.Integer(validate=validate.Range(1, 600_000))
    THINGS_SQLITE_SYNCHRONOUS = fields.String(validate=validate.OneOf(["FULL", "NORMAL"]))
    THINGS_AUTH = fields.String(validate=validate.OneOf(["off", "write", "all"]))
    THINGS_TRUSTED_HOSTS = fields.Function(deserialize=hosts)
    THINGS_TRUSTED_PROXIES = fields.Function(deserialize=networks)
    THINGS_CORS_ORIGINS = fields.Function(deserialize=origins)
    HOST = fields.Function(deserialize=address)
    PORT = fields.Integer(validate=validate.Range(1, 65535))
    WEB_CONCURRENCY = fields.Integer(validate=validate.Range(1, 256))


DEFAULTS = {
    "THINGS_DATABASE_URL": "sqlite:///data/db.sqlite3",
    "THINGS_BUSY_TIMEOUT_MS": "5000",
    "THINGS_SQLITE_SYNCHRONOUS": "FULL",
    "THINGS_AUTH": "off",
    "THINGS_TRUSTED_HOSTS": "",
    "THINGS_TRUSTED_PROXIES": "",
    "THINGS_CORS_ORIGINS": "",
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
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def flask_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration of Flask and its extensions."""
    ours = settings(environ)
    return {
        **{name: value for name, value in ours.items() if name.startswith("THINGS_")},
        "SQLALCHEMY_DATABASE_URI": ours["THINGS_DATABASE_URL"],
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
