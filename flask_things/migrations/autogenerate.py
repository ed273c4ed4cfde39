"""Adds each table's objects (db/objects.py) to the migrations of `flask db migrate`.

It uses Alembic's hooks (https://alembic.sqlalchemy.org/en/latest/api/autogenerate.html). A
migration has the SQL for both databases, and imports nothing that may change later.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from textwrap import indent
from typing import Any, Literal

from alembic.autogenerate import comparators, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.util import DispatchPriority
from sqlalchemy import Connection, DefaultClause
from sqlalchemy.types import TypeDecorator

from flask_things.db.objects import DIALECTS, DatabaseObject, drop, is_name, stored
from flask_things.db.types import ExactDecimal, Integer
from flask_things.db.types.defaults import ServerDefault

#: The dialect, as an expression in migrations.
DIALECT = "op.get_bind().dialect.name"


#: Tables of search indexes. SQLite creates several for each.
VIRTUAL_TABLES = "SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"


#: A word of SQL. Quoted text is one word.
WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")

#: The longest line of SQL after indentation, in characters.
WIDTH = 84


class ExecuteOp(ops.MigrateOperation):
    """Statements for each database."""

    def __init__(self, title: str, statements: dict[str, list[str]]) -> None:
        self.title, self.statements = title, statements

    def to_diff_tuple(self) -> tuple[str, list[str]]:
        """Return the output of `flask db check`."""
        return self.title, [line for lines in self.statements.values() for line in lines]

    def reverse(self) -> "ExecuteOp":
        """Return any operation, because migrations have no downgrade."""
        return self


class AddReferenceOp(ops.AddColumnOp):
    """A new column with a reference, which SQLite cannot add later."""

    def to_diff_tuple(self) -> Any:
        """Return the output of `flask db check`."""
        return ("add_column", None, self.table_name, self.column)


@comparators.dispatch_for("schema", priority=DispatchPriority.LAST)
def compare(context: AutogenContext, upgrade: ops.UpgradeOps, _schemas: Any) -> None:
    """Drop old objects before the changes of tables, and create new ones after them."""
    connection: Any = context.connection
    metadata: Any = context.metadata
    definitions, kinds = stored(connection)
    declared: dict[str, DatabaseObject] = {
        one.name: one for table in metadata.tables.values() for one in table.info.get("objects", ())
    }
    dialect = connection.dialect.name
    new = [one for one in declared.values() if not one.is_stored(definitions, dialect)]
    kept = declared.keys() - {one.name for one in new}
    old = sorted((kind, name) for name, kind in kinds.items() if name not in kept)
    for change in upgrade.ops:
        _simplify(change, connection)
    upgrade.ops = [one for one in upgrade.ops if not isinstance(one, ops.ModifyTableOps) or one.ops]
    if old:
        dropped = {name: [s for one in old for s in drop(*one, name)] for name in DIALECTS}
        upgrade.ops.insert(0, ExecuteOp("drop_objects", dropped))
    if new:
        created = {name: [s for one in new for s in one.create(name)] for name in DIALECTS}
        upgrade.ops.append(ExecuteOp("create_objects", created))


def _simplify(change: ops.MigrateOperation, connection: Connection) -> None:
    """Remove objects from a new table, and add the reference to a new column."""
    if isinstance(change, ops.CreateTableOp):
        change.info = {}
    if not isinstance(change, ops.ModifyTableOps):
        return
    new = {one.column.name: one for one in change.ops if isinstance(one, ops.AddColumnOp)}
    there = _references(connection, change.table_name)
    for key in [one for one in change.ops if isinstance(one, ops.CreateForeignKeyOp)]:
        [name] = key.local_cols
        if column := new.get(name):
            change.ops[change.ops.index(column)] = AddReferenceOp(key.source_table, column.column)
            change.ops.remove(key)
        elif (name, key.referent_table, key.kw.get("ondelete")) in there:
            change.ops = [one for one in change.ops if not _is_of_key(one, name)]


def _references(connection: Connection, table: str) -> set[tuple[str, str, str | None]]:
    """Return a table's references on SQLite, where SQLAlchemy reflects no `ondelete`."""
    if connection.dialect.name != "sqlite":
        return set()
    query = 'SELECT "from", "table", nullif(on_delete, ?) FROM pragma_foreign_key_list(?)'
    return {(*row,) for row in connection.exec_driver_sql(query, ("NO ACTION", table))}


def _is_of_key(change: ops.MigrateOperation, column: str) -> bool:
    """Return whether a change drops or creates the reference of a column."""
    key = change.reverse() if isinstance(change, ops.DropConstraintOp) else change
    return isinstance(key, ops.CreateForeignKeyOp) and key.local_cols == [column]


@renderers.dispatch_for(ExecuteOp)
def _execute(_context: AutogenContext, operation: ExecuteOp) -> str:
    texts = "\n".join(
        f'    "{name}": (\n{_tuple(statements)}\n    ),'
        for name, statements in operation.statements.items()
    )
    return (
        f"for statement in {{\n{texts}\n}}[{DIALECT}]:\n"
        # psycopg would read % as the start of a parameter.
        '    op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})'
    )


def _tuple(statements: Iterable[str]) -> str:
    texts = ("\n".join(line for one in s.splitlines() for line in _wrap(one)) for s in statements)
    escaped = (text.replace("\\", "\\\\").replace('"""', '""\\"') for text in texts)
    return "\n".join(f'        """\n{indent(text, "        ")}\n        """,' for text in escaped)


def _wrap(line: str) -> Iterator[str]:
    """Yield a line of SQL in parts of limited length. Quoted text is never split."""
    start = line[: len(line) - len(line.lstrip())]
    part = start
    for word in WORD.findall(line):
        if len(part) + len(word) > WIDTH and part.strip():
            yield part.rstrip()
            part = start + "    "
        part += word + " "
    yield part.rstrip()


@renderers.dispatch_for(AddReferenceOp)
def _add_reference(context: AutogenContext, operation: AddReferenceOp) -> str:
    column = operation.column
    [key] = column.foreign_keys
    kind = render_item("type", column.type, context)
    return (
        f"op.add_column({operation.table_name!r}, sa.Column({column.name!r}, {kind}, "
        f"sa.ForeignKey({key.target_fullname!r}, ondelete={key.ondelete!r}), "
        f"nullable={column.nullable!r}), inline_references=True)"
    )


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Render our types and defaults as what they are in each database."""
    if isinstance(item, Integer | ExactDecimal):
        return f"sa.{item.impl!r}.with_variant(sa.Integer(), 'sqlite')"
    if isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    if isinstance(item, DefaultClause) and isinstance(item.arg, ServerDefault):
        sql = {name: text.replace(":", r"\:") for name, text in item.arg.sql.items()}
        is_same = sql["sqlite"] == sql["postgresql"]
        return f"sa.text({sql['sqlite']!r})" if is_same else f"sa.text({sql!r}[{DIALECT}])"
    return False


def name_filter(connection: Connection) -> Callable[[str | None, str, Any], bool]:
    """Return a filter that excludes names which no model has.

    These are our objects, the tables of SQLite's search indexes, and Litestream's tables.
    """
    names: set[str] = set()
    if connection.dialect.name == "sqlite":
        names.update(connection.exec_driver_sql(VIRTUAL_TABLES).scalars())

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "index":
            return not is_name(str(name), str(parents["table_name"]))
        return not (name in names or str(name).startswith("_litestream_"))

    return include_name
