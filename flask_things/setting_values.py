"""Parsers for the values of settings.

Each takes a string, and raises ValidationError if it is invalid.
"""

import re
import sys
from base64 import b64decode
from importlib.util import find_spec
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from pathlib import Path

from limits import RateLimitItem, parse
from marshmallow import ValidationError
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

#: The schemes of PostgreSQL URLs, SQLAlchemy's first.
POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")

#: A host name or IPv4 address. A leading dot includes all subdomains.
HOST_NAME = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*")

#: A host name but not an IPv4 address: its last part starts with a letter.
NAME = re.compile(r"([a-z0-9-]+\.)*[a-z][a-z0-9-]*\.?")

#: The path prefix behind a proxy. It must not need escaping in a URL, and a browser must not read
#: it as a host (//example) or a parent (/..).
PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")

#: The scheme, host and port of a web page (RFC 6454).
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?", re.IGNORECASE)

#: The command that installs a package for this Python.
INSTALL = f"{sys.executable} -m pip install"

NO_RATE = "Must be a rate such as 100/minute or 5000/hour."

NO_DATABASE = (
    "Must be a database URL such as sqlite:///data/db.sqlite3 or postgresql://localhost/things."
)


def database_url(value: str) -> URL:
    """Return a database URL in SQLAlchemy's form."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValidationError(NO_DATABASE) from error
    return postgresql_url(url) if url.drivername in POSTGRESQL else sqlite_url(url)


def sqlite_url(url: URL) -> URL:
    """Return the URL of a SQLite file with an absolute path.

    Flask-SQLAlchemy would resolve a relative one elsewhere. Raises ValidationError for a database
    in memory, too, because every worker would have a separate one.
    """
    file = url.database or ":memory:"
    if url != URL.create("sqlite", database=file) or file.startswith((":memory:", "file:")):
        raise ValidationError(NO_DATABASE)
    return url.set(database=str(Path(file).absolute()))


def postgresql_url(url: URL) -> URL:
    """Return the URL of a PostgreSQL database for psycopg 3.

    Raises ValidationError if psycopg is not installed.
    """
    if not find_spec("psycopg"):
        raise ValidationError(f"PostgreSQL requires psycopg: {INSTALL} 'psycopg[binary]>=3.3'")
    return url.set(drivername=POSTGRESQL[0])


def without_password(url: URL) -> str:
    """Return a database URL without passwords, for logs."""
    return str(url.difference_update_query(["password", "sslpassword"]))


def address(value: str) -> str:
    """Return an address to listen on. IPv6 gets brackets."""
    if value != "localhost" and not ip(value):
        raise ValidationError("Must be an IP address or localhost.")
    return f"[{value}]" if ":" in value else value


def published(value: str) -> tuple[str, int] | None:
    """Return the published host and port of a container, or None if the value is empty."""
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"\d{1,5}", port, re.ASCII):
        raise ValidationError("Must be an address and a port such as 127.0.0.1:8080.")
    return address(host.strip("[]")).strip("[]"), int(port)


def items(value: str) -> list[str]:
    """Return the items of a comma-separated list."""
    return [item.strip() for item in value.split(",") if item.strip()]


def hosts(value: str) -> list[str]:
    """Return host names and addresses in the form of `host_name`."""
    names = [host_name(item) for item in items(value)]
    if not all(HOST_NAME.fullmatch(name) or ip(name) for name in names):
        text = "Must be host names such as things.example, or .example for all subdomains."
        raise ValidationError(text)
    return names


def host_name(host: str) -> str:
    """Return a host without its port in canonical form, so that equal hosts compare equal."""
    name = host.strip("[]").lower().removesuffix(".")
    return str(ip(name) or name)


def ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address in a text, or None; ::ffff:192.0.2.1 becomes 192.0.2.1."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def prefix(value: str) -> str:
    """Return the path prefix of all URLs, or an empty string."""
    if value and not PREFIX.fullmatch(value):
        raise ValidationError("Must be a path such as /api, without a trailing slash.")
    return value


def proxies(value: str) -> list[IPv4Network | IPv6Network | str]:
    """Return networks and host names. A single address is a network, too."""
    try:
        return [
            host_name(item) if NAME.fullmatch(item.lower()) else ip_network(ip(item) or item)
            for item in items(value)
        ]
    except ValueError as error:
        raise ValidationError(
            "Must be addresses, networks or host names such as 10.0.0.7, 10.0.0.0/8 or caddy."
        ) from error


def origins(value: str) -> list[str]:
    """Return the origins of web pages."""
    if not all(ORIGIN.fullmatch(origin) for origin in items(value)):
        raise ValidationError("Must be origins such as https://app.example.")
    return items(value)


def rate_limit(value: str) -> RateLimitItem | None:
    """Return a rate limit, or None if the value is empty."""
    if not value:
        return None
    if not re.match("[1-9]", value):
        raise ValidationError(NO_RATE)
    try:
        return parse(value)
    except ValueError as error:
        raise ValidationError(NO_RATE) from error


def webhook_secrets(value: str) -> list[bytes]:
    """Return the keys that sign webhooks: each is whsec_ and 24 to 64 bytes in base64."""
    try:
        keys = [b64decode(item.removeprefix("whsec_"), validate=True) for item in items(value)]
    except ValueError:
        keys = [b""]
    named = all(item.startswith("whsec_") for item in items(value))
    if not (named and all(24 <= len(key) <= 64 for key in keys)):
        raise ValidationError("Must be whsec_ followed by 24 to 64 bytes in base64.")
    return keys


def redis_url(value: str) -> str:
    """Return the URL of a Redis server, or an empty string."""
    if value and not re.match(r"rediss?://.", value):
        raise ValidationError("Must be a Redis URL such as redis://localhost:6379/0.")
    if value and not find_spec("redis"):
        raise ValidationError(f"Redis requires the Python package redis: {INSTALL} 'redis>=8'")
    return value
