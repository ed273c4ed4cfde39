"""The start of the server: what it refuses, and what it logs for the person who started it."""

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
from flask_things.db.backend import Away
from flask_things.db.session import db
from flask_things.setting_values import ip, without_password

#: A host, without the brackets of IPv6, and a port.
Place = tuple[str, int]

#: How long a port may still be in use, in seconds: workers whose master was killed leave it when
#: they notice.
RELEASE_S = 1

#: How many rows are counted at most: the start does not wait for a large table.
COUNTED_MAX = 1_000_000

ANY_HOST = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound

ACCESS = {
    "off": "Anyone on this machine can read and write",
    "write": "Anyone can read, and writing needs a token: flask tokens create NAME",
    "all": "Reading and writing need a token: flask tokens create NAME",
}


def check(server: Any, settings: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Raise BadSetting if the server would be open to strangers, or cannot listen."""
    cfg, handed_over = server.cfg, inherited(server.cfg)
    refuse_exposure(environ, places(handed_over or cfg.address, settings["THINGS_PUBLISHED"]))
    # The sockets of a master that this one replaces (SIGUSR2) are in use, and handed over, too.
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
    """Return the addresses of sockets that are handed over by systemd or `--bind fd://`."""
    count = systemd.listen_fds(unset_environment=False)
    fds = range(systemd.SD_LISTEN_FDS_START, systemd.SD_LISTEN_FDS_START + count)
    return [_address(fd) for fd in [*fds, *(bind for bind in cfg.address if isinstance(bind, int))]]


def _address(fd: int) -> Any:
    with socket.socket(fileno=os.dup(fd)) as listener:
        return listener.getsockname()


def places(addresses: Iterable[Any], published: Place | None) -> list[Place]:
    """Return where clients reach the server: of a container, where its port is published."""
    if published:
        return [published]
    return [address[:2] for address in addresses if isinstance(address, tuple)]


def exposed(places: Iterable[Place]) -> str:
    """Return the first place that other machines may reach; an empty string if there is none."""
    return next((f"{host}:{port}" for host, port in places if not _is_loopback(host)), "")


def _is_loopback(host: str) -> bool:
    address = ip(host)
    return host == "localhost" or bool(address and address.is_loopback)


def refuse_exposure(environ: Mapping[str, str], places: Iterable[Place]) -> None:
    """Raise BadSetting if other machines could write without a token, and nobody chose that."""
    if (place := exposed(places)) and not environ.get("THINGS_AUTH"):
        raise BadSetting(
            f"THINGS_AUTH: Anyone who can reach {place} could read and write. Set it to write "
            "or all and create tokens, or set it to off to allow that."
        )


def refuse_unusable(name: str, host: str, port: int) -> None:
    """Raise BadSetting if the server cannot listen on a port, which the setting `name` has.

    gunicorn would try for five seconds, and not name the setting.
    """
    end = time.monotonic() + RELEASE_S
    while error := _bind_error(host, port):
        if error.errno != errno.EADDRINUSE or time.monotonic() > end:
            raise BadSetting(reason(name, host, port, error)) from error
        time.sleep(0.05)


def _bind_error(host: str, port: int) -> OSError | None:
    """Bind as gunicorn will, without listening: that leaves nothing behind."""
    try:
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error
    return None


def reason(name: str, host: str, port: int, error: OSError) -> str:
    """Return why the server cannot listen, and what to do, in one line."""
    if error.errno == errno.EADDRINUSE:
        return f"{name}: {port} is in use. Stop what listens there, or set {name} to another port."
    if error.errno == errno.EACCES:
        return f"{name}: No permission to listen on {port}. Set {name} to 1024 or more."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{name.replace('PORT', 'HOST')}: {host} is not an address of this machine."
    return f"{name.replace('PORT', 'HOST')}: {host}: {error.strerror}."


def log_database(log: Any, app: Flask, *, is_new: bool) -> None:
    """Log which database is served, and how many rows each resource has."""
    with app.app_context():
        url = without_password(db.engine.url)
        try:
            counts = {one.name: _count(one.table) for one in app.extensions["resources"]}
        except (SQLAlchemyError, Away) as error:  # what can be read is served
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
    """Log the URLs to open, who may read and write there, and how to stop."""
    log, mode = server.log, settings["THINGS_AUTH"]
    addresses = [listener.getsockname() for listener in server.LISTENERS] or server.cfg.address
    reached = places(addresses, settings["THINGS_PUBLISHED"])
    for host, port in reached:
        shown = "localhost" if host in ANY_HOST else f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{port}{settings['SCRIPT_NAME']}/"
        log.info("Open %s (documentation: %sdocs)", url, url)
    if mode == "off" and (place := exposed(reached)):
        log.warning("Anyone who can reach %s can read and write: THINGS_AUTH is off", place)
    else:
        log.info(ACCESS[mode])
    log.info("Stop with Ctrl-C (SIGTERM to process %s)", os.getpid())
