"""`flask db migrate`: its migrations create everything that a table needs on both databases."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from flask_things import create_app
from flask_things.db.objects import stored
from flask_things.db.session import db
from flask_things.db.types import JSONObject, Text
from flask_things.resource.tables.indexes import describe
from flask_things.things import Thing
from tests.migrations.conftest import COLUMNS, Database, Status

# SQLAlchemy does not reflect such an index of SQLite, and Alembic need not know it.
pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression")


def test_a_migration_creates_all_that_is_declared(declare, database):
    table = declare()
    database.migrate()
    definitions, kinds = stored(database.connection)
    dialect = database.connection.dialect.name
    assert {one.name: one.kind for one in table.info["objects"]}.items() <= kinds.items()
    assert all(one.is_stored(definitions, dialect) for one in table.info["objects"])
    assert database.write() == ""


def test_a_migration_is_the_same_whichever_database_it_is_written_with(declare, template, postgres):
    declare()
    codes = []
    for url in (f"sqlite:///{template}", postgres.url("template")):
        app = create_app({"THINGS_DATABASE_URL": url})
        with app.app_context():
            with db.engine.connect() as connection:
                codes.append(Database(connection).write())
            db.engine.dispose()
    assert codes[0] == codes[1]


def test_a_table_may_be_called_by_a_word_of_sql(declare, database):
    declare("order")
    database.migrate()
    database.execute("INSERT INTO \"order\" (title) VALUES ('x')")
    assert database.write() == ""


def test_ids_of_a_new_table_are_never_reused(declare, database):
    declare()
    database.migrate()
    database.execute("INSERT INTO note (title) VALUES ('x'), ('y')")
    database.execute("DELETE FROM note")
    assert database.execute("INSERT INTO note (title) VALUES ('z') RETURNING id") == [(3,)]


def test_other_programs_get_the_defaults_of_columns(declare, database):
    table = declare()
    database.migrate()
    database.execute("INSERT INTO note (title) VALUES ('x')")
    [row] = database.connection.execute(sa.select(table))
    assert row.body == COLUMNS["body"][2]["default"]
    assert (row.done, row.count, row.status, row.details) == (False, 7, Status.OPEN, {})
    assert row.price == Decimal("1.50")
    assert row.revision == 1
    assert row.created_at == row.updated_at


@pytest.mark.parametrize("column", [key for key in COLUMNS if key != "title"])
def test_a_column_is_added_to_a_table_that_has_rows(declare, database, column):
    declare(without=[column])
    database.migrate()
    database.execute("INSERT INTO note (title) VALUES ('x')")
    table = declare()
    code = database.migrate()
    assert "note_search" not in code  # a rebuild would take minutes with many rows
    assert database.write() == ""
    [row] = database.connection.execute(sa.select(table))
    assert row.revision == 1
    default = COLUMNS[column][2].get("default")
    assert getattr(row, column) == ({} if default is dict else default)


def test_a_reference_that_is_added_is_checked(declare, database):
    declare(without=["thing_id"])
    database.migrate()
    declare()
    database.migrate()
    with pytest.raises(IntegrityError):
        database.execute("INSERT INTO note (title, thing_id) VALUES ('x', 7)")


@pytest.mark.parametrize("column", [key for key in COLUMNS if key not in ("title", "thing_id")])
def test_a_column_is_removed(declare, database, column):
    declare()
    database.migrate()
    declare(without=[column])
    database.migrate()
    assert column not in {
        one["name"] for one in sa.inspect(database.connection).get_columns("note")
    }
    assert database.write() == ""


def test_a_limit_that_is_changed_replaces_the_rules_only(declare, database):
    declare()
    database.migrate()
    with pytest.raises(IntegrityError, match="1 to 200"):
        database.execute(f"INSERT INTO note (title) VALUES ('{'x' * 300}')")
    declare(changes={"title": (str, Text(1, 300), {})})
    code = database.migrate()
    assert "op." not in code.replace("op.get_bind()", "")
    assert "INDEX" not in code
    database.execute(f"INSERT INTO note (title) VALUES ('{'x' * 300}')")
    assert database.write() == ""


def test_another_searched_text_replaces_the_search_only(declare, database):
    declare()
    database.migrate()
    database.execute("INSERT INTO note (title, body) VALUES ('x', 'Body')")
    declare(searched="body")
    code = database.migrate()
    assert "note_rules" not in code
    assert database.write() == ""
    declare(searched=None)
    database.migrate()
    assert "note_search" not in stored(database.connection)[0]
    assert database.write() == ""


def test_an_index_may_be_called_like_another_object(declare, database):
    """A filter by a column that is named like the search or the rules."""
    names = {"search": (str, Text(0, 10), {"default": ""}), "rules": (int, None, {"default": 0})}
    declare(changes=names, more_filters=names)
    database.migrate()
    assert database.write() == ""
    declare(changes=names)
    database.migrate()
    assert database.write() == ""
    assert not {"note_filter_search", "note_filter_rules"} & stored(database.connection)[0].keys()


def test_a_removed_table_takes_its_objects_with_it(declare, database):
    before = stored(database.connection)
    tables = sa.inspect(database.connection).get_table_names()
    declare()
    database.migrate()
    declare.remove("note")
    database.migrate()
    assert stored(database.connection) == before
    assert sa.inspect(database.connection).get_table_names() == tables
    assert database.write() == ""


def test_objects_of_others_are_unchanged(database):
    """Such as a fork's trigger, or Litestream's tables."""
    database.execute("CREATE TABLE _litestream_seq (id INTEGER)")
    if database.connection.dialect.name == "sqlite":
        database.execute("CREATE TRIGGER other AFTER DELETE ON thing BEGIN SELECT 1; END")
    assert database.write() == ""


@pytest.mark.parametrize(
    ("columns", "lists", "reason"),
    [
        ({"text": (str | None, Text(0, 10), {})}, {}, "at least 1"),
        ({"text": (str, Text(0, 601), {})}, {"filters": ["text"]}, "600"),
        ({"text": (str, Text(0, 601), {"unique": True})}, {}, "600"),
        ({"text": (dict, JSONObject(99), {})}, {"sorts": ["text"]}, "sorted"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(columns, lists, reason):
    [(name, (kind, given, options))] = columns.items()
    column = sa.Column(name, given, nullable=kind == str | None, **options)
    table = sa.Table(
        "bad", sa.MetaData(), *(c._copy() for c in Thing.__table__.c if c.name != name), column
    )
    with pytest.raises(TypeError, match=reason):
        describe(table, searched=None, **({"sorts": (), "filters": ()} | lists))
