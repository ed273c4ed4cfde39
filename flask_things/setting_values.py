"""What values settings may have: each function takes a text and returns what it stands for.

All of them raise ValidationError for what stands for nothing.
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

#: The names by which PostgreSQL's URLs are known, SQLAlchemy's first.
POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")

#: A host's name or IPv4 address; a dot in front adds every name below it.
HOST_NAME = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*")

#: A host's name, which no IPv4 address is: its last part begins with a letter.
NAME = re.compile(r"([a-z0-9-]+\.)*[a-z][a-z0-9-]*\.?")

#: The path under which a proxy publishes the service. What a URL would have to escape, and what a
#: browser would take for a host (//example) or a parent (/..), is none.
PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")

#: A web page's scheme, host and port (RFC 6454).
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?", re.IGNORECASE)

#: What installs a package where this process finds it.
INSTALL = f"{sys.executable} -m pip install"

NO_RATE = "Not a rate, like 100/minute or 5000/hour."

NO_DATABASE = (
    "Not the URL of a database, like sqlite:///data/db.sqlite3 or postgresql://localhost/things."
)


def database_url(value: str) -> URL:
    """Return the URL of a database, with what SQLAlchemy needs to know."""
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
        raise ValidationError(f"PostgreSQL needs psycopg: {INSTALL} 'psycopg[binary]>=3.3'")
    return url.set(drivername=POSTGRESQL[0])


def without_password(url: URL) -> str:
    """Return a database's URL for a log."""
    return str(url.difference_update_query(["password", "sslpassword"]))


def address(value: str) -> str:
    """Return an address to listen on, with the brackets that IPv6 needs before a port."""
    if value != "localhost" and not ip(value):
        raise ValidationError("Neither an IP address nor localhost.")
    return f"[{value}]" if ":" in value else value


def published(value: str) -> tuple[str, int] | None:
    """Return the host and port at which a container is reached; None for the empty string."""
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not re.fullmatch(r"\d{1,5}", port, re.ASCII):
        raise ValidationError("Not an address and a port, like 127.0.0.1:8080.")
    return address(host.strip("[]")).strip("[]"), int(port)


def items(value: str) -> list[str]:
    """Return what stands between commas."""
    return [item.strip() for item in value.split(",") if item.strip()]


def hosts(value: str) -> list[str]:
    """Return the names and addresses by which a server may be called, as `host_name` has them."""
    names = [host_name(item) for item in items(value)]
    if not all(HOST_NAME.fullmatch(name) or ip(name) for name in names):
        raise ValidationError("Not names of hosts, like things.example, or .example for all of it.")
    return names


def host_name(host: str) -> str:
    """Return a host, given without a port, in the one form in which equal names are equal."""
    name = host.strip("[]").lower().removesuffix(".")
    return str(ip(name) or name)


def ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a text is, or None; ::ffff:192.0.2.1 is 192.0.2.1."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def prefix(value: str) -> str:
    """Return the path under which the service is published, or nothing."""
    if value and not PREFIX.fullmatch(value):
        raise ValidationError("Not a path like /api, with no slash at its end.")
    return value


def proxies(value: str) -> list[IPv4Network | IPv6Network | str]:
    """Return networks, of which an address is one, and names of hosts."""
    try:
        return [
            host_name(item) if NAME.fullmatch(item.lower()) else ip_network(ip(item) or item)
            for item in items(value)
        ]
    except ValueError as error:
        raise ValidationError(
            "Not addresses, networks or host names, like 10.0.0.7, 10.0.0.0/8 or caddy."
        ) from error


def origins(value: str) -> list[str]:
    """Return the origins of web pages."""
    if not all(ORIGIN.fullmatch(origin) for origin in items(value)):
        raise ValidationError("Not origins, like https://app.example.")
    return items(value)


def rate_limit(value: str) -> RateLimitItem | None:
    """Return how often something may be, or None for any number of times."""
    if not value:
        return None
    if not re.match("[1-9]", value):
        raise ValidationError(NO_RATE)
    try:
        return parse(value)
    except ValueError as error:
        raise ValidationError(NO_RATE) from error


def webhook_secrets(value: str) -> list[bytes]:
    """Return the keys that sign webhooks, of which each is whsec_ and 24 to 64 bytes in base64."""
    try:
        keys = [b64decode(item.removeprefix("whsec_"), validate=True) for item in items(value)]
    except ValueError:
        keys = [b""]
    named = all(item.startswith("whsec_") for item in items(value))
    if not (named and all(24 <= len(key) <= 64 for key in keys)):
        raise ValidationError("Not like whsec_, and 24 to 64 bytes in base64.")
    return keys


def redis_url(value: str) -> str:
    """Return the URL of a Redis server, or nothing."""
    if value and not re.match(r"rediss?://.", value):
        raise ValidationError("Not the URL of a Redis server, like redis://localhost:6379/0.")
    if value and not find_spec("redis"):
        raise ValidationError(f"It needs redis: {INSTALL} 'redis>=8'")
    return value
