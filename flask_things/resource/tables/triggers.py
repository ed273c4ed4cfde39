"""The triggers that check and complete what other programs write into a resource's table.

Our own writes are validated before, and skip them: our rows start at revision 1, not at the
column's default of 0, and each of our updates raises it.
"""

from collections.abc import Iterable, Iterator
from textwrap import indent

from sqlalchemy import Column, Table

from flask_things.db.objects import DatabaseObject, literal, quote
from flask_things.db.types import JSONObject, Text, UTCDateTime
from flask_things.db.types.defaults import POSTGRESQL_NOW, SQLITE_NOW
from flask_things.resource.tables import checks

#: The columns that belong to the service. All others are data.
SERVICE = ("id", "created_at", "updated_at", "revision")


def rules(table: Table) -> DatabaseObject:
    """Return the triggers of a table."""
    name = f"{table.name}_rules"
    return DatabaseObject(
        "triggers", name, tuple(_sqlite(table, name)), tuple(_postgresql(table, name))
    )


def _sqlite(table: Table, name: str) -> Iterator[str]:
    times = [quote(c.name) for c in table.columns if isinstance(c.type, UTCDateTime)]
    # Times are texts, and sort correctly only with six decimals.
    pads = {time: f"{time} || substr('.000000', length({time}) - 18)" for time in times}
    yield f"""\
CREATE TRIGGER {quote(name)} AFTER INSERT ON {quote(table.name)}
WHEN new.revision = 0 BEGIN
{_sqlite_checks(table, is_update=False)}
    UPDATE {quote(table.name)} SET
        revision = 1,
{lines((f"{time} = {pad}" for time, pad in pads.items()), ",")}
    WHERE id = new.id;
END"""
    moved = f"""\
CASE WHEN new.updated_at IS old.updated_at AND (
{lines(changes(table, "IS NOT", own_columns(table)), " OR", 16)}
            ) THEN {SQLITE_NOW}
            ELSE {pads[quote("updated_at")]} END"""
    sets = pads | {quote("updated_at"): moved}
    yield f"""\
CREATE TRIGGER {quote(name + "_update")} AFTER UPDATE ON {quote(table.name)}
WHEN new.revision = old.revision AND (
{lines(changes(table, "IS NOT"), " OR", 4)}
) BEGIN
{_sqlite_checks(table, is_update=True)}
    UPDATE {quote(table.name)} SET
        revision = old.revision + 1,
{lines((f"{time} = {value}" for time, value in sets.items()), ",")}
    WHERE id = new.id;
END"""


def _sqlite_checks(table: Table, *, is_update: bool) -> str:
    refused = []
    for column, condition in _conditions(table, "sqlite"):
        new, old = f"new.{quote(column.name)}", f"old.{quote(column.name)}"
        guards = [f"{new} IS NOT {old}"] if is_update else []
        guards += [f"{new} IS NOT NULL"] if column.nullable else []
        refused.append((_message(column), " AND ".join([*guards, f"NOT ({condition})"])))
    texts = (c for c in table.columns if isinstance(c.type, Text | JSONObject))
    if values := ", ".join(f"(new.{quote(column.name)})" for column in texts):
        refused.append(
            (f"{table.name} has a text that is not UTF-8", checks.NOT_UTF_8.format(values=values))
        )
    statements = (f"SELECT RAISE(ABORT, {literal(why)})\nWHERE {bad};" for why, bad in refused)
    return indent("\n".join(statements), "    ")


def _postgresql(table: Table, name: str) -> Iterator[str]:
    checked = "\n".join(
        f"""\
IF {_change(column, "IS DISTINCT FROM")}
AND NOT ({condition}) THEN
    RAISE check_violation USING MESSAGE =
        {literal(_message(column))};
END IF;"""
        for column, condition in _conditions(table, "postgresql")
    )
    yield f"""\
CREATE FUNCTION {quote(name)}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{indent(checked, "    ")}
    new.revision = coalesce(old.revision, 0) + 1;
    IF new.updated_at = old.updated_at AND (
{lines(changes(table, "IS DISTINCT FROM", own_columns(table)), " OR")}
    ) THEN
        new.updated_at = {POSTGRESQL_NOW};
    END IF;
    RETURN new;
END
$$"""
    yield f"""\
CREATE TRIGGER {quote(name + "_insert")} BEFORE INSERT ON {quote(table.name)} FOR EACH ROW
WHEN (new.revision = 0) EXECUTE FUNCTION {quote(name)}()"""
    yield f"""\
CREATE TRIGGER {quote(name + "_update")} BEFORE UPDATE ON {quote(table.name)} FOR EACH ROW
WHEN (new.revision = old.revision AND (
{lines(changes(table, "IS DISTINCT FROM"), " OR", 4)}
)) EXECUTE FUNCTION {quote(name)}()"""


def _conditions(table: Table, dialect: str) -> Iterator[tuple[Column[object], str]]:
    for column in table.columns:
        value = f"new.{quote(column.name)}"
        is_sqlite = dialect == "sqlite"
        condition = (checks.sqlite_condition if is_sqlite else checks.postgresql_condition)(
            column.type, value
        )
        if column.name == "id":
            condition = f"{value} > 0"
        if condition and column.name != "revision":
            yield column, condition


def _message(column: Column[object]) -> str:
    rule = "must be above 0" if column.name == "id" else checks.rule(column.type)
    return f"{column.table.name}.{column.name} {rule}"


def own_columns(table: Table) -> list[Column[object]]:
    """Return the data columns of a table."""
    return [column for column in table.columns if column.name not in SERVICE]


def changes(
    table: Table, differs: str, columns: Iterable[Column[object]] | None = None
) -> Iterator[str]:
    """Yield the condition that a column has changed, for each given column or all."""
    for column in columns or (c for c in table.columns if c.name != "revision"):
        yield _change(column, differs)


def _change(column: Column[object], differs: str) -> str:
    # PostgreSQL cannot compare two json values.
    as_text = "::text" * (isinstance(column.type, JSONObject) and "DISTINCT" in differs)
    return f"new.{quote(column.name)}{as_text} {differs} old.{quote(column.name)}{as_text}"


def lines(parts: Iterable[str], end: str, spaces: int = 8) -> str:
    """Return parts of SQL, one per line, separated by `end`."""
    return indent(f"{end}\n".join(parts), " " * spaces)
