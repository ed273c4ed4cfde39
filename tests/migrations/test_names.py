"""Database names: characters that are special in URLs, to SQLite or to Alembic are literal."""

from contextlib import chdir
from urllib.parse import quote

import pytest

from flask_things import create_app
from flask_things.db.session import db
from flask_things.migrations import prepare
from tests.support.server import Server

pytestmark = [pytest.mark.sqlite, pytest.mark.slow]

NAMES = ["a?mode=memory", "with space #b 100%25s% ünï 🍏 a&b;c'd a+b", "-"]


@pytest.fixture
def start():
    """Return a function that starts a server in a folder with few settings."""
    servers = []

    def start(folder, **environ):
        servers.append(Server(folder, environ, ["-m", "flask_things"], wait=True))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def keeps_things(start, folder, **environ):
    """Return whether a stored thing exists after the next start."""
    server = start(folder, **environ)
    thing = server.request("POST", "/things", {"text": "stays"})[2]
    server.stop()
    with chdir(folder):
        app = create_app(environ)
        prepare(app)
        found = app.test_client().get("/things").json
        with app.app_context():
            db.engine.dispose()
    return found == [thing]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_may_have_any_name(start, tmp_path, name):
    """The default is relative to it."""
    (tmp_path / name).mkdir()
    assert keeps_things(start, tmp_path / name)
    assert (tmp_path / name / "data" / "db.sqlite3").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_may_have_any_name(start, tmp_path, name):
    """It is quoted in the URL."""
    url = f"sqlite:///{tmp_path}/{quote(name)}"
    assert keeps_things(start, tmp_path, THINGS_DATABASE_URL=url)
    assert (tmp_path / name).is_file()


def test_a_link_leads_to_the_file_though_that_is_yet_to_be_made(start, tmp_path):
    link = tmp_path / "link"
    (tmp_path / "elsewhere").mkdir()
    link.symlink_to(tmp_path / "elsewhere" / "db.sqlite3")
    url = f"sqlite:///{link}"
    assert keeps_things(start, tmp_path, THINGS_DATABASE_URL=url)
    assert link.is_symlink()
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} > {"db.sqlite3-gate"}
    assert not (tmp_path / "link-gate").exists()


def test_a_link_that_leads_to_another_file_is_noticed(start, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "db.sqlite3")
    server = start(tmp_path, THINGS_DATABASE_URL=f"sqlite:///{link}")
    (tmp_path / "other").touch()
    link.unlink()
    link.symlink_to(tmp_path / "other")
    assert server.request("GET", "/things")[0] == 503
    assert server.request("POST", "/things", {"text": "x"})[0] == 503
    assert (tmp_path / "other").stat().st_size == 0
