"""Database objects that SQLAlchemy does not know: indexes, triggers, functions.

Each object is created and dropped as a whole. It has the same name on both databases, which starts
with the table's name. `table.info["objects"]` lists them, and migrations/autogenerate.py compares
the list with the database.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

#: The supported databases.
DIALECTS = ("sqlite", "postgresql")

#: The suffix of an object's name after the table's name.
NAME = re.compile("_(sort|filter)_.+|_search|_rules|_journal")

#: Our kind of an object by SQLite's type. On PostgreSQL the search is an index, too.
KINDS = {"index": "index", "table": "search", "trigger": "triggers"}

#: Matches a statement that creates something.
CREATED = re.compile(r'\s*CREATE (?:VIRTUAL )?(TABLE|INDEX|TRIGGER|FUNCTION) "((?:[^"]|"")+)"')

#: The prefix of the comment that marks our objects on PostgreSQL.
MARK = "declared "

STORED_ON_SQLITE = "SELECT name, type, tbl_name, sql FROM sqlite_master WHERE sql NOT NULL"

STORED_ON_POSTGRESQL = f"""
    SELECT name, kind, comment FROM (
        SELECT relname AS name, CASE amname WHEN 'gin' THEN 'search' ELSE 'index' END AS kind,
            obj_description(pg_class.oid, 'pg_class') AS comment
        FROM pg_class JOIN pg_am ON pg_am.oid = relam
        WHERE relkind = 'i' AND relnamespace = current_schema()::regnamespace
        UNION ALL
        SELECT proname, 'triggers', obj_description(oid, 'pg_proc')
        FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
    ) AS object
    WHERE starts_with(comment, '{MARK}')
"""  # noqa: S608 - a constant


def quote(name: str) -> str:
    """Quote the name of a table or column for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class DatabaseObject:
    """An index, a search index or a set of triggers, with its statements for each database.

    The first statement creates the object with this name.
    """

    kind: str  # one of KINDS
    name: str
    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]

    def create(self, dialect: str) -> Iterator[str]:
        """Yield the statements that create it. On PostgreSQL, a comment stores its version."""
        if dialect == "sqlite":
            yield from self.sqlite
            return
        yield from self.postgresql
        kind = "FUNCTION" if self.kind == "triggers" else "INDEX"
        yield f"COMMENT ON {kind} {quote(self.name)} IS '{self.version}'"

    @property
    def version(self) -> str:
        """Return a hash of the PostgreSQL statements, which PostgreSQL does not store verbatim."""
        text = plain("".join(self.postgresql)).encode()
        return MARK + hashlib.sha256(text).hexdigest()[:16]

    def is_stored(self, stored: dict[str, str], dialect: str) -> bool:
        """Return whether the database has this version of the object; `stored` is from stored()."""
        if dialect == "postgresql":
            return stored.get(self.name) == self.version
        created = ((CREATED.match(statement), statement) for statement in self.sqlite)
        return all(stored.get(match[2]) == plain(text) for match, text in created if match)


def drop(kind: str, name: str, dialect: str) -> Iterator[str]:
    """Yield the statements that drop an object if it exists."""
    if kind == "triggers" and dialect == "postgresql":
        yield f"DROP FUNCTION IF EXISTS {quote(name)} CASCADE"  # drops its triggers, too
    elif kind == "triggers":
        for event in ("", "_update", "_delete"):
            yield f"DROP TRIGGER IF EXISTS {quote(name + event)}"
    elif kind == "search" and dialect == "sqlite":
        for event in ("insert", "update", "delete"):
            yield f"DROP TRIGGER IF EXISTS {quote(f'{name}_{event}')}"
        yield f"DROP TABLE IF EXISTS {quote(name)}"
    else:
        yield f"DROP INDEX IF EXISTS {quote(name)}"


def stored(connection: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """Return the SQL or version of stored objects by name, and the kinds of our objects by name."""
    if connection.dialect.name == "postgresql":
        objects = connection.exec_driver_sql(STORED_ON_POSTGRESQL).all()
        return {name: version for name, _, version in objects}, {o[0]: o[1] for o in objects}
    parts = connection.exec_driver_sql(STORED_ON_SQLITE).all()
    return {name: plain(sql) for name, _, _, sql in parts}, {
        name: KINDS[kind]
        for name, kind, table, sql in parts
        if is_name(name, table) or (name.endswith("_search") and "VIRTUAL" in sql)
    }


def is_name(name: str, table: str) -> bool:
    """Return whether a name belongs to an object of a table."""
    return name.startswith(table) and NAME.fullmatch(name.removeprefix(table)) is not None


def plain(sql: str) -> str:
    """Return SQL without line breaks and indentation."""
    return " ".join(sql.split())
