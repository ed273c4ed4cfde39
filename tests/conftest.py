"""What every test may ask for."""

import pytest

from flask_things import create_app
from flask_things.db import db
from flask_things.migrations import prepare
from flask_things.sqlite_file import sqlite3
from flask_things.store import create_things
from tests.server import Server


@pytest.fixture
def environ(tmp_path):
    """Return settings with a database file of the test's own."""
    return {"THINGS_DATABASE_URL": f"sqlite:///{tmp_path}/data/db.sqlite3"}


@pytest.fixture
def short_wait(environ):
    """Make a write wait for another one no longer than a test should."""
    environ["THINGS_BUSY_TIMEOUT_MS"] = "100"


@pytest.fixture
def app(environ):
    """Return an application with a database that is ready."""
    app = create_app(environ)
    prepare(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def file(tmp_path):
    """Return the path of the test's database."""
    path = tmp_path / "data" / "db.sqlite3"
    path.parent.mkdir(exist_ok=True)
    return path


@pytest.fixture
def connection(file):
    """Return a connection to the test's database, past the application, that does not wait."""
    connection = sqlite3.connect(file, timeout=0)
    yield connection
    connection.close()


@pytest.fixture
def client(app):
    """Return a client that talks to the application in this process."""
    return app.test_client()


TEXTS = ["b", "a", "B", "a", "", "é", "z", "🍏", "\uffff", "x" * 300 + "2", "x" * 300 + "1"]


@pytest.fixture
def things(app, client):
    """Return things of which many are alike in what they are sorted by."""
    with app.app_context():
        create_things(db.session, [{"text": text} for text in TEXTS])
        create_things(db.session, [{"text": text} for text in TEXTS])
    ids = [n for n in range(1, 2 * len(TEXTS) + 1) if "xxx" not in TEXTS[(n - 1) % len(TEXTS)]]
    for thing_id in ids[::-3]:
        client.put(f"/things/{thing_id}", json={"text": f"changed {thing_id}"})
    return client.get("/things").json


@pytest.fixture
def having(app, client):
    """Return a function that stores texts and then tells which of them a search finds."""

    def search(texts, q):
        with app.app_context():
            create_things(db.session, [{"text": text} for text in texts])
        return [thing["text"] for thing in client.get("/things", query_string={"q": q}).json]

    return search


@pytest.fixture
def runner(app):
    """Return a runner of `flask` commands."""
    return app.test_cli_runner()


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a real server; all are stopped at the end.

    Their folder is the test's own, the same for all.
    """
    servers = []

    def start(*command, wait=True, **environ):
        servers.append(Server(tmp_path, environ, command or ("-m", "flask_things"), wait))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
