"""nginx and Caddy in front of the real server, with the files of deploy/ but other ports."""

import http.client
import json
import ssl
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.proxies import DEPLOY, caddy_command, nginx_command, running
from tests.support.server import JSON, free_port, parse, wait_until


class Front:
    """A proxy that listens with TLS on one port and without TLS on another."""

    def __init__(self, http_port, port, authority):
        """Set the ports and the file with the certificate of its authority."""
        self.http_port, self.port, self.authority = http_port, port, authority
        self.tls = ssl.create_default_context(cafile=authority)

    def connection(self, client="127.0.0.1"):
        """Return a connection from an address, for a `with` statement."""
        options = {"timeout": 10, "context": self.tls, "source_address": (client, 0)}
        return closing(http.client.HTTPSConnection("localhost", self.port, **options))

    def has_certificate(self):
        """Return whether a TLS connection succeeds."""
        try:
            with self.connection() as connection:
                connection.connect()
        except ssl.SSLError:
            return False
        return True

    def request(self, method, path, body=None, headers=JSON, **options):
        """Return the status, headers and body of a response. JSON is parsed."""
        with self.connection(**options) as connection:
            connection.request(method, path, body and json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.headers, parse(response.headers, response.read())


def shipped(name, replacements):
    """Return the text of a file in deploy/ with other ports and paths."""
    text = (DEPLOY / name).read_text()
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx_servers(folder, behind, http_port, port):
    """Return deploy/nginx.conf with these ports and a local certificate."""
    pair = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", "req", "-x509", *kind, *pair, *name], check=True, stderr=-1)
    return shipped(
        "nginx.conf",
        {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{http_port};",
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "127.0.0.1:8080": f"127.0.0.1:{behind}",
            "/etc/letsencrypt/live/things.example": folder,
            "things.example": "localhost",
        },
    )


@contextmanager
def shipped_nginx(behind):
    """Run nginx in front of a port."""
    http_port, port = free_port(), free_port()
    with TemporaryDirectory(prefix="nginx-") as folder:
        servers = nginx_servers(folder, behind, http_port, port)
        with running(nginx_command(folder, servers), port):
            yield Front(http_port, port, f"{folder}/fullchain.pem")


@contextmanager
def shipped_caddy(behind):
    """Run Caddy in front of a port, for localhost with its own authority."""
    http_port, port = free_port(), free_port()
    ports = f"http_port {http_port}\n\thttps_port {port}\n\tdefault_bind 127.0.0.1\n\tadmin off"
    with TemporaryDirectory(prefix="caddy-") as folder:
        config, authority = Path(folder, "Caddyfile"), Path(folder, "caddy/pki/authorities/local")
        config.write_text(shipped("Caddyfile", {"{\n\tskip": f"{{\n\t{ports}\n\tskip"}))
        settings = {"THINGS_DOMAIN": "localhost", "UPSTREAM": f"127.0.0.1:{behind}"}
        with running(caddy_command(folder, "run", config, **settings), port):
            wait_until((authority / "root.crt").exists)
            front = Front(http_port, port, authority / "root.crt")
            wait_until(front.has_certificate)
            yield front


FRONTS = {"nginx": shipped_nginx, "caddy": shipped_caddy}
