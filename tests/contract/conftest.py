"""Contract tests run for every resource: the application's, the example and a sample."""

import json
from contextlib import closing

import pytest
from flask.testing import FlaskClient

from flask_things import create_app
from flask_things.db.session import db
from flask_things.db.sqlite.file import sqlite3
from tests.conftest import TEMPLATE
from tests.support.document import Document
from tests.support.events import wait_for_end
from tests.support.fork import add_tables
from tests.support.resources import RESOURCES, Rows, served
from tests.support.samples import ORDERS

SERVED = served()

#: The number of different values, of rows per value, and of rows with NULLs.
VALUES, ALIKE = 4, 2


def pytest_generate_tests(metafunc):
    """Run a test for each resource, by its name."""
    if "resource" in metafunc.fixturenames:
        metafunc.parametrize("resource", SERVED, ids=[one.name for one in SERVED])


def pytest_collection_modifyitems(items):
    """Skip the example on PostgreSQL: the sample has all of its column types."""
    items[:] = [item for item in items if not _is_example_on_postgresql(item)]


def _is_example_on_postgresql(item):
    params = item.callspec.params if hasattr(item, "callspec") else {}
    extra = [one for one in SERVED if one not in (*RESOURCES, ORDERS)]
    return params.get("engine") == "postgresql" and params.get("resource") in extra


@pytest.fixture(scope="session")
def resources():
    """Return all tested resources."""
    return SERVED


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Return a SQLite database with the tables of all resources."""
    file = tmp_path_factory.mktemp("contract") / "db.sqlite3"
    add_tables(create_app({"THINGS_DATABASE_URL": f"sqlite:///{file}"}, SERVED), SERVED)
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres):
    """Return the name of a PostgreSQL database with the tables of all resources."""
    postgres.execute(f"CREATE DATABASE contract TEMPLATE {TEMPLATE}")
    add_tables(create_app({"THINGS_DATABASE_URL": postgres.url("contract")}, SERVED), SERVED)
    return "contract"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Return the folder of the SQLite database, which is the same for all tests."""
    return tmp_path_factory.mktemp("served") / "data"


@pytest.fixture
def file(folder):
    """Return the path of the SQLite database."""
    return folder / "db.sqlite3"


@pytest.fixture
def environ(engine, request):
    """Return settings with a copy of the template. The URL is the same in each test."""
    if engine == "sqlite":
        file = request.getfixturevalue("file")
        file.parent.mkdir(exist_ok=True)
        with (
            closing(sqlite3.connect(request.getfixturevalue("template"))) as template,
            closing(sqlite3.connect(file)) as copy,
        ):
            # into the same file, because the application refuses a replaced one
            template.backup(copy)
        yield {"THINGS_DATABASE_URL": f"sqlite:///{file}"}
        return
    template = request.getfixturevalue("postgres_template")
    postgres = request.getfixturevalue("postgres")
    postgres.execute(f"CREATE DATABASE served TEMPLATE {template} STRATEGY FILE_COPY")
    yield {"THINGS_DATABASE_URL": postgres.url("served")}
    postgres.execute("DROP DATABASE served WITH (FORCE)")


@pytest.fixture(scope="session")
def apps():
    """Return the applications by engine, as they are created."""
    return {}


@pytest.fixture
def app(engine, environ, apps):
    """Return an application, which tests share because creating one takes longer than a test."""
    app = apps.get(engine) or apps.setdefault(engine, create_app(environ, SERVED))
    yield app
    wait_for_end(app)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def document():
    """Return the OpenAPI document."""
    app = create_app({}, SERVED)
    return Document(json.loads(app.test_client().get("/openapi.json").data))


@pytest.fixture
def client(app, document):
    """Return a client that compares each response with the document."""

    class Client(FlaskClient):
        def open(self, *args, **options):
            response = super().open(*args, **options)
            document.check(response)
            if response.content_type == "application/problem+json":
                # the code of messages without a code
                assert '"code": "invalid"' not in response.text
            return response

    app.test_client_class = Client
    return app.test_client()


@pytest.fixture
def rows(resource, resources, client):
    """Return the rows of a resource."""
    return Rows(resource, resources, client)


@pytest.fixture
def many(app, rows):
    """Return rows with equal values or NULL in every field. Two of them have the same time."""
    unique = {column.name for column in rows.columns if column.unique}
    nullable = {column.name: None for column in rows.columns if column.nullable}
    bodies = [
        rows.body(number % VALUES) | {name: rows.body(number)[name] for name in unique}
        for number in range(VALUES * ALIKE)
    ]
    bodies += [rows.body(number + 100) | nullable for number in range(VALUES)]
    made = rows.create_many(bodies)
    for row in made[::-3]:  # this updates updated_at
        body = {name: made[0][name] for name in rows.fields if name not in unique}
        assert rows.client.patch(rows.url(row), json=body).status_code == 200
    return rows.get("?limit=1000").json
