"""A table's indexes, search index and server defaults."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Index, Table, UniqueConstraint

from flask_things.db.objects import DatabaseObject, quote
from flask_things.db.types import JSONObject, Text
from flask_things.db.types.defaults import add_server_default
from flask_things.resource.tables.journal import journal
from flask_things.resource.tables.ranges import bound_type
from flask_things.resource.tables.sorting import SORT_CHARACTERS, is_text
from flask_things.resource.tables.triggers import rules

#: The longest text in an index, in characters. PostgreSQL's limit is 2 704 bytes.
INDEXED_MAX_CHARACTERS = 600

#: PostgreSQL's longest identifier, in bytes.
NAME_MAX_BYTES = 63

#: Columns that FTS5 defines itself.
FTS5_NAMES = ("rank", "rowid")

#: The indexed sort orders of every resource. The primary key has its own index.
SORTS = ("created_at", "updated_at")


def describe(
    table: Table,
    *,
    searched: str | None,
    sorts: Iterable[str],
    filters: Iterable[str],
    ranges: Iterable[str] = (),
) -> None:
    """Complete a table: its migration creates the objects in `info["objects"]`.

    Raises TypeError for an invalid declaration.
    """
    narrowing = dict.fromkeys((*filters, *ranges))
    names = [*sorts, *narrowing, *([] if searched is None else [searched])]
    if unknown := set(names) - set(table.c.keys()):
        raise TypeError(f"{table.name} has no column {', '.join(sorted(unknown))}.")
    for column in table.columns:
        _check(column)
        add_server_default(column)
    if searched is not None:
        _check_searched(table.c[searched])
    for constraint in [c for c in table.constraints if isinstance(c, UniqueConstraint)]:
        _index_unique(table, constraint)
    for name in ranges:
        bound_type(table.c[name])
    objects = [rules(table), journal(table), *_sort_indexes(table, [*SORTS, *sorts])]
    objects += [_filter_index(table.c[n]) for n in narrowing if n not in (*SORTS, *sorts)]
    if searched is not None:
        objects.append(_search(table.c[searched]))
    table.info["objects"] = objects


def _check(column: Column[Any]) -> None:
    """Raise TypeError for a column that CSV, PostgreSQL or a page cannot handle."""
    if isinstance(column.type, Text) and column.nullable and not column.type.minimum:
        raise TypeError(f"{column}: a text that may be NULL must have at least 1 character.")
    if column.unique:
        _check_indexed(column)
    if len(f"{column.table.name}_filter_{column.name}".encode()) > NAME_MAX_BYTES:
        raise TypeError(f"{column}: the name is too long for an index on PostgreSQL.")


def _check_searched(column: Column[Any]) -> None:
    if not isinstance(column.type, Text) or column.name in FTS5_NAMES:
        raise TypeError(f"{column}: only a Text not named rank or rowid can be searched.")


def _check_indexed(column: Column[Any]) -> None:
    length = column.type.maximum if isinstance(column.type, Text) else 0
    if length > INDEXED_MAX_CHARACTERS or isinstance(column.type, JSONObject):
        raise TypeError(
            f"{column}: an indexed text has at most {INDEXED_MAX_CHARACTERS} characters."
        )


def _index_unique(table: Table, constraint: UniqueConstraint) -> None:
    """Replace a constraint by an index, because SQLite cannot add one to an existing table."""
    names = [column.name for column in constraint.columns]
    table.constraints.discard(constraint)
    Index(f"{table.name}_unique_{'_'.join(names)}", *constraint.columns, unique=True)


def _sort_indexes(table: Table, sorts: Iterable[str]) -> Iterator[DatabaseObject]:
    for name in sorts:
        column = table.c[name]
        if isinstance(column.type, JSONObject):
            raise TypeError(f"{column}: JSON cannot be sorted.")
        sqlite = postgresql = quote(name)
        if is_text(column):
            sqlite = f"substr({quote(name)}, 1, {SORT_CHARACTERS})"
            postgresql = f'(({sqlite}) COLLATE "C")'
        nulls = " NULLS FIRST" if column.nullable else ""
        yield _index(table, f"sort_{name}", sqlite, postgresql + nulls)


def _filter_index(column: Column[Any]) -> DatabaseObject:
    _check_indexed(column)
    name = quote(column.name)
    return _index(column.table, f"filter_{column.name}", name, name)


def _index(table: Any, suffix: str, sqlite: str, postgresql: str) -> DatabaseObject:
    name = f"{table.name}_{suffix}"
    create = f"CREATE INDEX {quote(name)} ON {quote(table.name)}"
    return DatabaseObject(
        "index", name, (f"{create} ({sqlite}, id)",), (f"{create} ({postgresql}, id)",)
    )


def _search(column: Column[Any]) -> DatabaseObject:
    """Return the search index; see search.py."""
    table, text, name = quote(column.table.name), quote(column.name), f"{column.table.name}_search"
    index, on = quote(name), f"ON {table}"
    remove = (
        f"INSERT INTO {index} ({index}, rowid, {text})\n    VALUES ('delete', old.id, old.{text});"
    )
    add = f"INSERT INTO {index} (rowid, {text}) VALUES (new.id, new.{text});"
    content = column.table.name.replace("'", "''")
    sqlite = (
        f"""\
CREATE VIRTUAL TABLE {index} USING fts5(
    {text}, content='{content}', content_rowid='id',
    tokenize='trigram', detail=none, columnsize=0
)""",
        f"INSERT INTO {index} ({index}) VALUES ('rebuild')",
        f"""\
CREATE TRIGGER {quote(name + "_insert")} AFTER INSERT {on} BEGIN
    {add}
END""",
        f"""\
CREATE TRIGGER {quote(name + "_delete")} AFTER DELETE {on} BEGIN
    {remove}
END""",
        f"""\
CREATE TRIGGER {quote(name + "_update")} AFTER UPDATE OF id, {text} {on}
WHEN new.{text} IS NOT old.{text} OR new.id <> old.id BEGIN
    {remove}
    {add}
END""",
    )
    gin = f"CREATE INDEX {index} {on}\nUSING gin (search_fold({text}) gin_trgm_ops)"
    return DatabaseObject("search", name, sqlite, (gin,))
