"""Settings from the environment, and errors that name them."""

import re
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from flask_things.config import COMPOSE, DEFAULTS, BadSetting, settings

ROOT = Path(__file__).parents[1]

BAD = [
    ("PORT", "http"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", ""),
    ("HOST", ""),
    ("HOST", "256.0.0.1"),
    ("HOST", "nowhere.invalid"),
    ("THINGS_PUBLISHED", "127.0.0.1"),
    ("THINGS_PUBLISHED", "8080"),
    ("THINGS_PUBLISHED", "things.example:8080"),
    ("THINGS_PUBLISHED", "127.0.0.1:http"),
    ("WEB_CONCURRENCY", "many"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_CONCURRENCY", "-1"),
    ("WEB_CONCURRENCY", "1.5"),
    ("THINGS_DATABASE_URL", ""),
    ("THINGS_DATABASE_URL", "data/db.sqlite3"),
    ("THINGS_DATABASE_URL", "sqlite://"),
    ("THINGS_DATABASE_URL", "sqlite://data/db.sqlite3"),
    ("THINGS_DATABASE_URL", "sqlite://user:password@localhost/db.sqlite3"),
    ("THINGS_DATABASE_URL", "sqlite://localhost:port/db.sqlite3"),
    ("THINGS_DATABASE_URL", "sqlite:///:memory:"),
    ("THINGS_DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true"),
    ("THINGS_DATABASE_URL", "sqlite+aiosqlite:///data/db.sqlite3"),
    ("THINGS_DATABASE_URL", "mysql://localhost/things"),
    ("THINGS_DATABASE_URL", "postgresql+asyncpg://localhost/things"),
    ("THINGS_BUSY_TIMEOUT_MS", "0"),
    ("THINGS_BUSY_TIMEOUT_MS", "5s"),
    ("THINGS_SQLITE_SYNCHRONOUS", "OFF"),
    ("THINGS_TRUSTED_HOSTS", "https://things.example"),
    ("THINGS_TRUSTED_HOSTS", "things.example:80"),
    ("THINGS_TRUSTED_HOSTS", "*"),
    ("THINGS_TRUSTED_HOSTS", "[::1]:80"),
    ("THINGS_TRUSTED_HOSTS", "."),
    ("SCRIPT_NAME", "api"),
    ("SCRIPT_NAME", "/api/"),
    ("SCRIPT_NAME", "//evil.example"),
    ("THINGS_TRUSTED_PROXIES", "10.0.0.300"),
    ("THINGS_TRUSTED_PROXIES", "http://proxy"),
    ("THINGS_TRUSTED_PROXIES", "10.0.0.1/8"),
    ("THINGS_TRUSTED_PROXIES", "*"),
    ("THINGS_CORS_ORIGINS", "*"),
    ("THINGS_CORS_ORIGINS", "app.example"),
    ("THINGS_CORS_ORIGINS", "https://app.example/"),
    ("THINGS_RATE_LIMIT", "many"),
    ("THINGS_WEBHOOK_SECRET", "plJ3nmyCDGBKInavdOK15jslplJ3nmyC"),
    ("THINGS_WEBHOOK_SECRET", "whsec_plJ3nmyCDGBKInavdOK15jslplJ3nm"),
    ("THINGS_WEBHOOK_SECRET", "whsec_plJ3nmyCDGBKInavdOK15jslplJ3nmyC!"),
    ("THINGS_WEBHOOK_SECRET", "whsec_plJ3nmyCDGBKInavdOK15jslplJ3nmyC,whsec_"),
    ("THINGS_WEBHOOK_SECRET", "whsec_" + "A" * 88),
    ("THINGS_RATE_LIMIT", "100"),
    ("THINGS_RATE_LIMIT", "0/minute"),
    ("THINGS_RATE_LIMIT", "-1/minute"),
    ("THINGS_REDIS_URL", "localhost:6379"),
    ("THINGS_AUTH", ""),
    ("THINGS_AUTH", "on"),
    ("THINGS_AUTH", "OFF"),
    ("THINGS_KEEP_DAYS", "-1"),
    ("THINGS_KEEP_DAYS", "36501"),
    ("THINGS_KEEPALIVE_S", "0"),
    ("THINGS_KEEPALIVE_S", "3601"),
    ("THINGS_METRICS_HOST", "nowhere.invalid"),
    ("THINGS_METRICS_PORT", "-1"),
    ("THINGS_METRICS_PORT", "65536"),
    ("THINGS_METRICS_PORT", ""),
    ("THINGS_SERVER_TIMING", "maybe"),
]


def test_everything_has_a_default():
    assert settings({}) == {
        "THINGS_DATABASE_URL": settings({})["THINGS_DATABASE_URL"],
        "THINGS_BUSY_TIMEOUT_MS": 5000,
        "THINGS_SQLITE_SYNCHRONOUS": "FULL",
        "THINGS_KEEP_DAYS": 30,
        "THINGS_AUTH": "off",
        "THINGS_TRUSTED_HOSTS": [],
        "THINGS_TRUSTED_PROXIES": [],
        "THINGS_CORS_ORIGINS": [],
        "THINGS_RATE_LIMIT": None,
        "THINGS_REDIS_URL": "",
        "THINGS_WEBHOOK_SECRET": [],
        "HOST": "127.0.0.1",
        "PORT": 8080,
        "THINGS_PUBLISHED": None,
        "SCRIPT_NAME": "",
        "WEB_CONCURRENCY": 2,
        "THINGS_KEEPALIVE_S": 75,
        "THINGS_METRICS_HOST": "127.0.0.1",
        "THINGS_METRICS_PORT": 0,
        "THINGS_SERVER_TIMING": False,
    }
    database = settings({})["THINGS_DATABASE_URL"].database
    assert database == str(Path.cwd() / "data/db.sqlite3")


def test_an_ipv6_address_is_ready_for_a_port():
    assert settings({"HOST": "::1"})["HOST"] == "[::1]"


def test_other_variables_are_ignored():
    assert settings({"HOME": "/root"}) == settings({})


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("THINGS_AUHT", "THINGS_AUTH"),
        ("THINGS_DATABASE_URI", "THINGS_DATABASE_URL"),
        ("THINGS_PORT", "PORT"),
        ("THINGS_WEB_CONCURENCY", "WEB_CONCURRENCY"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_closest_known_name(typo, meant):
    with pytest.raises(BadSetting, match=rf"^{typo}: .* {meant}\?$"):
        settings({typo: "8080"})


KUBERNETES = {
    "SERVICE_HOST": "10.0.0.11",
    "SERVICE_PORT": "8080",
    "SERVICE_PORT_HTTP": "8080",
    "PORT": "tcp://10.0.0.11:8080",
    "PORT_8080_TCP": "tcp://10.0.0.11:8080",
    "PORT_8080_TCP_PROTO": "tcp",
    "PORT_8080_TCP_PORT": "8080",
    "PORT_8080_TCP_ADDR": "10.0.0.11",
}


@pytest.mark.parametrize("service", ["THINGS", "THINGS_API"])
def test_kubernetes_variables_for_a_service_of_our_name_are_ignored(service):
    environ = {f"{service}_{name}": value for name, value in KUBERNETES.items()}
    assert settings(environ) == settings({})


def test_variables_for_the_compose_file_are_ignored():
    """It may be exported, or in an .env file that `flask` reads."""
    compose = (ROOT / "docker-compose.yaml").read_text()
    names = set(re.findall(r"\$\{(THINGS_\w+)", compose)) - set(DEFAULTS)
    assert names == COMPOSE
    assert settings(dict.fromkeys(names, "x")) == settings({})


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_name(name, value):
    with pytest.raises(BadSetting) as refusal:
        settings({name: value})
    assert str(refusal.value).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "value", "extra"),
    [
        ("THINGS_DATABASE_URL", "postgresql://localhost/things", "postgres"),
        ("THINGS_REDIS_URL", "redis://localhost", "redis"),
    ],
)
def test_a_missing_driver_is_reported_with_the_command_that_installs_it(
    monkeypatch, name, value, extra
):
    """flask-things is not on PyPI, so its extras are not, either."""
    monkeypatch.setattr("flask_things.setting_values.find_spec", lambda name: None)
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    package = setup["options.extras_require"][extra].strip()
    with pytest.raises(BadSetting) as refusal:
        settings({name: value})
    assert str(refusal.value).endswith(f"{sys.executable} -m pip install '{package}'")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_has_several_names(scheme):
    url = settings({"THINGS_DATABASE_URL": f"{scheme}://localhost/things"})["THINGS_DATABASE_URL"]
    assert url.drivername == "postgresql+psycopg"
