"""The triggers that write a resource's changes into the journal (db/journal.py)."""

from collections.abc import Iterator

from sqlalchemy import Table

from flask_things.db.journal import CREATED, DELETED, RESTORED, UPDATED
from flask_things.db.objects import DatabaseObject, literal, quote
from flask_things.resource.tables.triggers import changes, lines, own_columns


def journal(table: Table) -> DatabaseObject:
    """Return the triggers of a table.

    A new row with a revision above 1 was restored; see `Trash.restore`.
    """
    name = f"{table.name}_journal"
    return DatabaseObject(
        "triggers", name, tuple(_sqlite(table, name)), tuple(_postgresql(table, name))
    )


def _sqlite(table: Table, name: str) -> Iterator[str]:
    on, called = quote(table.name), literal(table.name)
    columns = (f"{literal(c.name)}, old.{quote(c.name)}" for c in table.columns)
    before = f"json_object(\n{lines(columns, ',')}\n    )"
    new = f"CASE WHEN new.revision > 1 THEN '{RESTORED}' ELSE '{CREATED}' END"
    yield f"""\
CREATE TRIGGER {quote(name)} AFTER INSERT ON {on} BEGIN
    INSERT INTO journal (table_name, row_id, change)
    VALUES ({called}, new.id,
        {new});
END"""
    # An update by another program does not raise the revision. The triggers of `rules` then make a
    # second update that does, and changes only times. It must not be recorded again.
    yield f"""\
CREATE TRIGGER {quote(name + "_update")} AFTER UPDATE ON {on}
WHEN new.revision = old.revision AND (
{lines(changes(table, "IS NOT"), " OR", 4)}
) OR new.revision <> old.revision AND (
{lines(changes(table, "IS NOT", own_columns(table)), " OR", 4)}
) BEGIN
    INSERT INTO journal (table_name, row_id, change, before)
    VALUES ({called}, old.id,
        CASE WHEN new.id = old.id THEN '{UPDATED}' ELSE '{DELETED}' END, {before});
    INSERT INTO journal (table_name, row_id, change)
    SELECT {called}, new.id, '{CREATED}' WHERE new.id <> old.id;
END"""
    yield f"""\
CREATE TRIGGER {quote(name + "_delete")} AFTER DELETE ON {on} BEGIN
    INSERT INTO journal (table_name, row_id, change, before)
    VALUES ({called}, old.id, '{DELETED}', {before});
END"""


def _postgresql(table: Table, name: str) -> Iterator[str]:
    on, called = quote(table.name), literal(table.name)
    # The function runs as its owner, in the owner's schema, so that users who may write the table
    # need no rights on the journal. Every update has a new revision, because the triggers of
    # `rules` have run before.
    yield f"""\
CREATE FUNCTION {quote(name)}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO journal (table_name, row_id, change, before)
        SELECT {called}, id, '{DELETED}', row_to_json(one) FROM {on} AS one;
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND new.id <> old.id THEN
        INSERT INTO journal (table_name, row_id, change, before)
        VALUES ({called}, old.id, '{DELETED}', row_to_json(old));
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO journal (table_name, row_id, change, before)
        VALUES ({called}, old.id, '{UPDATED}', row_to_json(old));
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND new.id <> old.id THEN
        INSERT INTO journal (table_name, row_id, change)
        VALUES ({called}, new.id,
            CASE WHEN TG_OP = 'INSERT' AND new.revision > 1
            THEN '{RESTORED}' ELSE '{CREATED}' END);
    END IF;
    RETURN NULL;
END
$$"""
    yield f"""\
CREATE TRIGGER {quote(name)} AFTER INSERT OR DELETE ON {on}
FOR EACH ROW EXECUTE FUNCTION {quote(name)}()"""
    yield f"""\
CREATE TRIGGER {quote(name + "_update")} AFTER UPDATE ON {on} FOR EACH ROW
WHEN (new.revision <> old.revision OR new.id <> old.id) EXECUTE FUNCTION {quote(name)}()"""
    yield f"""\
CREATE TRIGGER {quote(name + "_truncate")} BEFORE TRUNCATE ON {on}
FOR EACH STATEMENT EXECUTE FUNCTION {quote(name)}()"""
