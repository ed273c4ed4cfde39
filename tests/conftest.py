"""Fixtures for all tests.

Tests that need a database run on SQLite and PostgreSQL, unless a mark selects one.
"""

import gc
import os
import shutil
from itertools import count

import psycopg
import pytest

from flask_things import create_app
from flask_things.app import RESOURCES
from flask_things.db.session import db
from flask_things.db.sqlite.file import sqlite3
from flask_things.migrations import prepare
from tests.support.backups import restore as restore  # a fixture
from tests.support.backups import saved as saved  # a fixture
from tests.support.events import wait_for_end
from tests.support.many_things import things as things  # a fixture
from tests.support.postgres import Postgres, find_programs
from tests.support.server import Server

ENGINES = ("sqlite", "postgresql")
NUMBERS = count()

#: The drivers' exceptions for an invalid value.
ERRORS = (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError)

#: The name of a prepared PostgreSQL database that tests copy.
TEMPLATE = "template"


def pytest_collection_modifyitems(items):
    """Mark tests that start servers as slow, because each takes seconds of CPU time."""
    for item in items:
        if {"serve", "server"} & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


def pytest_generate_tests(metafunc):
    """Run a test on both engines, or on the one of its mark. On SQLite the database is a file."""
    if "engine" in metafunc.fixturenames:
        marked = [name for name in ENGINES if metafunc.definition.get_closest_marker(name)]
        only = ["sqlite"] if "file" in metafunc.fixturenames else marked
        metafunc.parametrize("engine", only or ENGINES, indirect=True)


@pytest.fixture(scope="session")
def postgres():
    """Return a PostgreSQL server with a prepared template database."""
    if not find_programs() and "CI" not in os.environ:
        pytest.skip("there is no PostgreSQL on this machine")
    server = Postgres()
    server.execute(f"CREATE DATABASE {TEMPLATE}")
    prepare(create_app({"THINGS_DATABASE_URL": server.url(TEMPLATE)}))
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_template():
    """Return the name of the PostgreSQL database that each test copies."""
    return TEMPLATE


@pytest.fixture(scope="session")
def resources():
    """Return the resources that an application serves."""
    return RESOURCES


@pytest.fixture
def engine(request):
    """Return the name of the database engine."""
    return request.param


@pytest.fixture
def environ(engine, tmp_path, request):
    """Return settings with a separate database."""
    if engine == "sqlite":
        (tmp_path / "data").mkdir(exist_ok=True)
        yield {"THINGS_DATABASE_URL": f"sqlite:///{tmp_path}/data/db.sqlite3"}
        return
    postgres, name = request.getfixturevalue("postgres"), f"test_{next(NUMBERS)}"
    template = request.getfixturevalue("postgres_template")
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield {"THINGS_DATABASE_URL": postgres.url(name)}
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def short_wait(environ):
    """Limit how long writes wait for each other."""
    environ["THINGS_BUSY_TIMEOUT_MS"] = "100"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Return a prepared SQLite database. Copying it takes a tenth of the time to create one."""
    file = tmp_path_factory.mktemp("template") / "db.sqlite3"
    prepare(create_app({"THINGS_DATABASE_URL": f"sqlite:///{file}"}))
    return file


@pytest.fixture
def app(environ, engine, tmp_path, template, resources):
    """Return an application with a prepared database."""
    file = tmp_path / "data" / "db.sqlite3"
    app = create_app(environ, resources)
    if engine == "sqlite" and file.exists():
        prepare(app)
    elif engine == "sqlite":
        shutil.copy(template, file)
    yield app
    wait_for_end(app)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def file(tmp_path):
    """Return the path of the test's database."""
    path = tmp_path / "data" / "db.sqlite3"
    path.parent.mkdir(exist_ok=True)
    return path


@pytest.fixture
def connection(environ, engine, request):
    """Return a connection to the test's database, outside the application, without lock waits."""
    if engine == "sqlite":
        connection = sqlite3.connect(request.getfixturevalue("file"), timeout=0)
    else:
        connection = psycopg.connect(environ["THINGS_DATABASE_URL"], options="-c lock_timeout=1")
    yield connection
    connection.close()


@pytest.fixture
def execute(app, connection):
    """Return a function that executes a statement as another program would."""

    def execute(statement):
        try:
            connection.execute(statement)
        except ERRORS:
            connection.rollback()
            raise
        connection.commit()

    return execute


@pytest.fixture
def lock(app, connection, engine):
    """Return a function that locks out all other writers until the connection's rollback."""
    statement = "BEGIN IMMEDIATE" if engine == "sqlite" else "LOCK thing, kept_answer IN SHARE MODE"
    return lambda: connection.execute(statement)


@pytest.fixture
def client(app):
    """Return a client that talks to the application in this process."""
    return app.test_client()


@pytest.fixture
def runner(app):
    """Return a runner of `flask` commands."""
    return app.test_cli_runner()


@pytest.fixture
def serve(tmp_path, environ):
    """Return a function that starts a real server. All are stopped at the end.

    They share the test's folder and database.
    """
    servers = []

    def start(*command, wait=True, **others):
        settings = environ | others
        servers.append(Server(tmp_path, settings, command or ("-m", "flask_things"), wait))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def pytest_collection_finish(session):
    """Exclude the thousands of collected tests from garbage collection."""
    gc.collect()
    gc.freeze()
