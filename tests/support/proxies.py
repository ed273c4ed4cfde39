"""Real proxies in front of the real server."""

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.server import free_port, wait_until

NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    {servers}
}}
"""

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def needs(program):
    """Return a mark that skips a test if the program is missing, except in CI."""
    missing = not shutil.which(program) and "CI" not in os.environ
    return pytest.mark.skipif(missing, reason=f"there is no {program} on this machine")


@contextmanager
def nginx(rules):
    """Run nginx with the rules of one server, and return its port."""
    with TemporaryDirectory(prefix="nginx-") as folder:
        port = free_port()
        servers = f"server {{ listen 127.0.0.1:{port}; {rules} }}"
        with running(nginx_command(folder, servers), port):
            yield port


def nginx_command(folder, servers):
    """Return what runs nginx with these servers, and its files in a folder."""
    config = Path(folder, "nginx.conf")
    config.write_text(NGINX.format(servers=servers))
    return ["nginx", "-p", folder, "-e", "stderr", "-c", str(config)]


@contextmanager
def caddy(rules):
    """Run Caddy with the rules of one site, and return its port."""
    with TemporaryDirectory(prefix="caddy-") as folder:
        port = free_port()
        config = Path(folder, "Caddyfile")
        site = f"http://127.0.0.1:{port} {{\n{rules}\n}}\n"
        config.write_text(f"{{\nadmin off\n}}\n{site}")
        with running(caddy_command(folder, "run", config), port):
            yield port


def caddy_command(folder, what, config, **environ):
    """Return what runs a command of Caddy on a file, with what it stores in a folder."""
    home = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), folder) | environ
    settings = [f"{name}={value}" for name, value in home.items()]
    return ["env", *settings, "caddy", what, "--adapter", "caddyfile", "--config", str(config)]


@contextmanager
def haproxy(port_behind, rules):
    """Run haproxy with the rules of one backend, and return its port."""
    with TemporaryDirectory(prefix="haproxy-") as folder:
        port = free_port()
        config = Path(folder, "haproxy.cfg")
        config.write_text(
            "defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n"
            f"listen things\n bind 127.0.0.1:{port}\n {rules}\n"
            f" server things 127.0.0.1:{port_behind}\n"
        )
        with running(["haproxy", "-db", "-f", str(config)], port):
            yield port


@contextmanager
def varnish(port_behind):
    """Run Varnish with its defaults, and return its port."""
    with TemporaryDirectory(prefix="varnish-") as folder:
        port = free_port()
        Path(folder).chmod(0o755)  # its child runs as another user
        listen, behind = f"127.0.0.1:{port}", f"127.0.0.1:{port_behind}"
        command = ["varnishd", "-F", "-n", f"{folder}/work", "-a", listen, "-b", behind]
        with running([*command, "-s", "malloc,16m"], port):
            yield port


@contextmanager
def running(command, port):
    """Run a program that listens on a port, in the foreground."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def listens():
        assert process.poll() is None, process.stdout.read()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(listens)
        yield
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
