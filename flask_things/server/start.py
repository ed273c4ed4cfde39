"""Checks and log messages at the start of the server."""

import errno
import os
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from flask import Flask
from gunicorn import systemd
from sqlalchemy import Table, func, select
from sqlalchemy.exc import SQLAlchemyError

from flask_things.config import BadSetting
from flask_things.db.backend import Unavailable
from flask_things.db.session import db
from flask_things.setting_values import ip, without_password

#: A host, without the brackets of IPv6, and a port.
Place = tuple[str, int]

#: How long to wait for a port in use, in seconds. Workers whose master was killed release it when
#: they notice.
RELEASE_S = 1

#: The most rows to count, so that a large table does not delay the start.
COUNTED_MAX = 1_000_000

ANY_HOST = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound

ACCESS = {
    "off": "Anyone on this machine can read and write",
    "write": "Anyone can read; writing requires a token: flask tokens create NAME",
    "all": "Reading and writing require a token: flask tokens create NAME",
}


def check(server: Any, settings: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Raise BadSetting if strangers could write, or the server cannot listen."""
    cfg, handed_over = server.cfg, inherited(server.cfg)
    refuse_exposure(environ, places(handed_over or cfg.address, settings["THINGS_PUBLISHED"]))
    # The sockets of a master that this one replaces (SIGUSR2) are inherited, too, and in use.
    if not (handed_over or server.master_pid or cfg.reuse_port):
        for host, port in places(cfg.address, None):
            refuse_unusable("PORT", host, port)
    if place := metrics_place(settings):
        refuse_unusable("THINGS_METRICS_PORT", *place)


def metrics_place(settings: Mapping[str, Any]) -> Place | None:
    """Return where /metrics is served, or None."""
    port = settings["THINGS_METRICS_PORT"]
    return (settings["THINGS_METRICS_HOST"].strip("[]"), port) if port else None


def inherited(cfg: Any) -> list[Any]:
    """Return the addresses of sockets from systemd or `--bind fd://`."""
    count = systemd.listen_fds(unset_environment=False)
    fds = range(systemd.SD_LISTEN_FDS_START, systemd.SD_LISTEN_FDS_START + count)
    return [_address(fd) for fd in [*fds, *(bind for bind in cfg.address if isinstance(bind, int))]]


def _address(fd: int) -> Any:
    with socket.socket(fileno=os.dup(fd)) as listener:
        return listener.getsockname()


def places(addresses: Iterable[Any], published: Place | None) -> list[Place]:
    """Return where clients reach the server. For a container this is its published port."""
    if published:
        return [published]
    return [address[:2] for address in addresses if isinstance(address, tuple)]


def exposed(places: Iterable[Place]) -> str:
    """Return the first address that other machines can reach, or an empty string."""
    return next((f"{host}:{port}" for host, port in places if not _is_loopback(host)), "")


def _is_loopback(host: str) -> bool:
    address = ip(host)
    return host == "localhost" or bool(address and address.is_loopback)


def refuse_exposure(environ: Mapping[str, str], places: Iterable[Place]) -> None:
    """Raise BadSetting if other machines could write without a token, unless that was chosen."""
    if (place := exposed(places)) and not environ.get("THINGS_AUTH"):
        raise BadSetting(
            f"THINGS_AUTH: Anyone who can reach {place} could read and write. Set it to "
            "write or all and create tokens, or set it to off to allow this."
        )


def refuse_unusable(name: str, host: str, port: int) -> None:
    """Raise BadSetting if the server cannot listen on the port of the setting `name`.

    gunicorn would retry for five seconds, and not name the setting.
    """
    end = time.monotonic() + RELEASE_S
    while error := _bind_error(host, port):
        if error.errno != errno.EADDRINUSE or time.monotonic() > end:
            raise BadSetting(reason(name, host, port, error)) from error
        time.sleep(0.05)


def _bind_error(host: str, port: int) -> OSError | None:
    """Bind as gunicorn will, but without listening, which leaves nothing behind."""
    try:
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error
    return None


def reason(name: str, host: str, port: int, error: OSError) -> str:
    """Return why the server cannot listen and what to do, in one line."""
    if error.errno == errno.EADDRINUSE:
        return f"{name}: {port} is in use. Stop the program that uses it, or change {name}."
    if error.errno == errno.EACCES:
        return f"{name}: No permission to listen on port {port}. Set {name} to 1024 or higher."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{name.replace('PORT', 'HOST')}: {host} is not an address of this machine."
    return f"{name.replace('PORT', 'HOST')}: {host}: {error.strerror}."


def log_database(log: Any, app: Flask, *, is_new: bool) -> None:
    """Log the database and how many rows each resource has."""
    with app.app_context():
        url = without_password(db.engine.url)
        try:
            counts = {one.name: _count(one.table) for one in app.extensions["resources"]}
        except (SQLAlchemyError, Unavailable) as error:  # reads may still work
            log.warning("Database: %s (%s)", url, getattr(error, "orig", error))
            return
    shown = {
        name: f"more than {COUNTED_MAX}" if n > COUNTED_MAX else n for name, n in counts.items()
    }
    content = ", ".join(f"{number} {name}" for name, number in shown.items())
    log.info("Database: %s (%s)", url, "new" if is_new and not any(counts.values()) else content)


def _count(table: Table) -> int:
    counted = select(table.c.id).limit(COUNTED_MAX + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(counted)) or 0


def log_access(server: Any, settings: Mapping[str, Any]) -> None:
    """Log the URLs to open, who can read and write there, and how to stop."""
    log, mode = server.log, settings["THINGS_AUTH"]
    addresses = [listener.getsockname() for listener in server.LISTENERS] or server.cfg.address
    reached = places(addresses, settings["THINGS_PUBLISHED"])
    for host, port in reached:
        shown = "localhost" if host in ANY_HOST else f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{port}{settings['SCRIPT_NAME']}/"
        log.info("Open %s (documentation: %sdocs)", url, url)
    if mode == "off" and (place := exposed(reached)):
        log.warning("THINGS_AUTH is off: anyone who can reach %s can read and write", place)
    else:
        log.info(ACCESS[mode])
    log.info("Stop with Ctrl-C (SIGTERM to process %s)", os.getpid())
