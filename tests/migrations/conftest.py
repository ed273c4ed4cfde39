"""Tables declared by tests, and databases to migrate to them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Any

import pytest
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import ForeignKey
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Mapped, mapped_column

from flask_things import create_app
from flask_things.db.session import db
from flask_things.db.types import Choice, ExactDecimal, Integer, JSONObject, Text
from flask_things.migrations import prepare
from flask_things.migrations.autogenerate import name_filter, render_item
from flask_things.resource.tables.indexes import describe
from flask_things.resource.tables.record import Record

NUMBERS = count()


class Status(StrEnum):
    """The values of a choice."""

    OPEN = "it's 100% open"
    DONE = "done"


#: A column of every type.
COLUMNS = {
    "title": (str, Text(1, 200), {}),
    "body": (str, Text(0, 20_000), {"default": 'a "quoted" 50% \\ : :b'}),
    "done": (bool, None, {"default": False}),
    "due": (date | None, None, {}),
    "price": (Decimal | None, ExactDecimal(10, 2), {"default": Decimal("1.5")}),
    "count": (int, Integer(0, 100), {"default": 7}),
    "status": (Status, Choice(Status), {"default": Status.OPEN}),
    "details": (dict[str, Any], JSONObject(10_000), {"default": dict}),
    "starts_at": (datetime | None, None, {}),
    "slug": (str | None, Text(1, 50), {"unique": True}),
    "thing_id": (int | None, lambda: ForeignKey("thing.id", ondelete="SET NULL"), {}),
}
SORTS = ("title", "due", "done", "price", "count", "status", "starts_at")
FILTERS = ("done", "thing_id", "slug", "status")


@pytest.fixture
def declare():
    """Return a function that declares the table of a resource, replacing an earlier one."""
    names = set()

    def declare(name="note", without=(), searched="title", changes=None, more_filters=()):
        remove(name)
        names.add(name)
        columns = COLUMNS | (changes or {})
        attributes = {"__tablename__": name, "__module__": __name__, "__annotations__": {}}
        for key in (key for key in columns if key not in without):
            kind, given, options = columns[key]
            given = given() if callable(given) else given
            attributes["__annotations__"][key] = Mapped[kind]
            attributes[key] = mapped_column(*([] if given is None else [given]), **options)
        table = type(f"Declared{next(NUMBERS)}", (Record,), attributes).__table__
        sorts, filters = (
            [key for key in some if key in table.c] for some in (SORTS, (*FILTERS, *more_filters))
        )
        describe(table, searched=searched, sorts=sorts, filters=filters)
        return table

    def remove(name):
        if name in names:
            db.metadata.remove(db.metadata.tables[name])
            names.discard(name)

    declare.remove = remove
    yield declare
    for name in list(names):
        remove(name)


class Database:
    """A database with the context that Alembic needs to compare it with the models."""

    def __init__(self, connection):
        self.connection = connection

    def write(self):
        """Return the code of a migration to the declared tables."""
        options = {
            "render_item": render_item,
            "include_name": name_filter(self.connection),
            "target_metadata": db.metadata,
            "compare_type": True,
        }
        self.context = MigrationContext.configure(self.connection, opts=options)
        operations = produce_migrations(self.context, db.metadata).upgrade_ops
        if operations.is_empty():
            return ""
        return render_python_code(operations, render_item=render_item)

    def run(self, code):
        """Run a migration and commit."""
        with Operations.context(self.context):
            body = f"import sqlalchemy as sa\nfrom alembic import op\nif True:\n    {code}"
            exec(body, {})  # noqa: S102 - as Alembic does
        self.connection.commit()

    def migrate(self):
        """Write a migration, run it, and return its code."""
        code = self.write()
        self.run(code)
        return code

    def execute(self, statement):
        """Execute a statement as another program would, and commit."""
        try:
            result = self.connection.exec_driver_sql(
                statement, execution_options={"no_parameters": True}
            )
            rows = result.all() if result.returns_rows else None
        except DatabaseError:
            self.connection.rollback()
            raise
        self.connection.commit()
        return rows


@pytest.fixture
def database(app):
    """Return the test's database."""
    with app.app_context(), db.engine.connect() as connection:
        yield Database(connection)


@pytest.fixture
def older(environ, request):
    """Return a connection to a database of revision 0003 on SQLite."""
    app = create_app(environ)
    assert app.test_cli_runner().invoke(args=["db", "upgrade", "0003"]).exit_code == 0
    with app.app_context():
        db.engine.dispose()
    return request.getfixturevalue("connection")


@pytest.fixture
def upgraded(older, environ):
    """Return a function that upgrades the database and returns a client."""
    apps = []

    def upgrade():
        older.commit()
        apps.append(create_app(environ))
        prepare(apps[-1])
        return apps[-1].test_client()

    yield upgrade
    for app in apps:
        with app.app_context():
            db.engine.dispose()
