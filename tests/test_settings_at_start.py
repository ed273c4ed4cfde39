"""Settings at the start: an invalid one stops it, a valid one applies, --help lists all."""

import re
from pathlib import Path

import pytest

from flask_things import __version__
from flask_things.config import DEFAULTS
from tests.support.server import free_port, python, wait_until

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["-m flask_things", "-m gunicorn wsgi:app", "-m flask shell"])
@pytest.mark.parametrize(("name", "value"), [("PORT", "65536"), ("THINGS_DATABASE_URL", "x")])
def test_a_bad_value_stops_every_start_with_one_line(command, name, value):
    assert starts(command, name, value).startswith(f"{name}: ")


@pytest.mark.slow
def test_gunicorn_s_own_setting_is_refused_with_one_line_too():
    """gunicorn reads WEB_CONCURRENCY when it is imported, so we must check it before."""
    assert starts("-m flask_things", "WEB_CONCURRENCY", "many").startswith("WEB_CONCURRENCY: ")


@pytest.mark.slow
def test_help_lists_the_settings_with_their_defaults():
    """Even with invalid settings."""
    shown = python(ROOT, "-m", "flask_things", "--help", PORT="http")
    assert (shown.returncode, shown.stderr) == (0, "")
    listed = dict(re.findall(r"^  ([A-Z_]+)=(.*)\n      [a-zA-Z]", shown.stdout, re.MULTILINE))
    assert listed == DEFAULTS


@pytest.mark.slow
def test_version_is_ours():
    assert python(ROOT, "-m", "flask_things", "--version").stdout == f"flask-things {__version__}\n"


def starts(command, name, value):
    """Return the one line that a start with an invalid setting prints."""
    start = python(ROOT, *command.split(), **{name: value})
    assert start.returncode == 1
    assert start.stderr.count("\n") == 1, start.stderr
    return start.stderr


@pytest.mark.parametrize("command", ["-m flask_things", "-m gunicorn wsgi:app"])
def test_every_way_to_serve_obeys_the_settings(serve, tmp_path, command):
    for name in ("wsgi.py", "gunicorn.conf.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    environ = {
        "PORT": str(free_port()),
        "WEB_CONCURRENCY": "3",
        "THINGS_DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.sqlite3",
    }
    server = serve(*command.split(), **environ)
    wait_until(lambda: server.log.read_text().count("Booting worker") == 3)
    assert f"Listening at: http://127.0.0.1:{environ['PORT']}" in server.log.read_text()
    assert (tmp_path / "elsewhere.sqlite3").exists()
