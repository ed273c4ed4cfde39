"""Defaults and constraints: no program can store what cannot be served.

What an older database holds of that is repaired first. The limits of a thing's id and text are not
among the constraints, as older rows may exceed them: see the next migration.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from alembic import op

revision = "0004"
down_revision = "0003"

YEARS = "BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'"

POSTGRESQL = (
    f"""
    UPDATE thing SET
        created_at = greatest('0001-01-01', least(created_at, '9999-12-31 23:59:59.999999')),
        updated_at = greatest('0001-01-01', least(updated_at, '9999-12-31 23:59:59.999999'))
    WHERE NOT (created_at {YEARS} AND updated_at {YEARS})
    """,
    f"DELETE FROM token WHERE NOT (created_at {YEARS} AND coalesce(expires_at {YEARS}, true))",
    f"DELETE FROM kept_answer WHERE NOT created_at {YEARS}",
    f"""
    ALTER TABLE thing
        ALTER created_at SET DEFAULT timezone('utc', statement_timestamp()),
        ALTER updated_at SET DEFAULT timezone('utc', statement_timestamp()),
        ADD CONSTRAINT created_at_is_time CHECK (created_at {YEARS}),
        ADD CONSTRAINT updated_at_is_time CHECK (updated_at {YEARS})
    """,
    f"""
    ALTER TABLE token
        ADD CONSTRAINT created_at_is_time CHECK (created_at {YEARS}),
        ADD CONSTRAINT expires_at_is_time CHECK (expires_at {YEARS})
    """,
    f"ALTER TABLE kept_answer ADD CONSTRAINT created_at_is_time CHECK (created_at {YEARS})",
)


def is_time(column: str) -> str:
    """Return SQL for: YYYY-MM-DD HH:MM:SS, with up to six decimals."""
    second = f"substr({column}, 1, 19)"
    return (
        f"{column} || substr('.000000', length({column}) - 18) "
        f"GLOB '????-??-?? ??:??:??.{6 * '[0-9]'}' "
        # GLOB reads up to a U+0000 only.
        f"AND length(CAST({column} AS BLOB)) BETWEEN 19 AND 26 AND length({column}) <> 20 "
        # It is the same after some arithmetic, unlike the 30th of February.
        f"AND datetime({second}, '+0 days') IS {second} AND substr({column}, 1, 4) > '0000'"
    )


SQLITE = {
    "thing": {
        "text_is_text": "typeof(text) = 'text'",
        "created_at_is_time": is_time("created_at"),
        # A new thing has one time only, whose check is half of what these rules cost.
        "updated_at_is_time": f"updated_at = created_at OR {is_time('updated_at')}",
    },
    "token": {
        "name_is_text": "typeof(name) = 'text'",
        "digest_is_sha256": "typeof(digest) = 'blob' AND length(digest) = 32",
        "read_only_is_boolean": "read_only IN (0, 1)",
        "created_at_is_time": is_time("created_at"),
        "expires_at_is_time": is_time("expires_at"),
    },
    "kept_answer": {
        "status_is_integer": "typeof(status) = 'integer'",
        "headers_are_json": "json_valid(headers)",
        "body_is_blob": "typeof(body) = 'blob'",
        "created_at_is_time": is_time("created_at"),
    },
}


def upgrade() -> None:
    """Repair the rows, and add the rules."""
    if op.get_bind().dialect.name == "sqlite":
        repair()
        for table in SQLITE:
            rebuild(table)
    else:
        for statement in POSTGRESQL:
            op.get_bind().exec_driver_sql(statement)


def repair() -> None:
    """Change what cannot be served into what comes nearest to it."""
    run = op.get_bind().exec_driver_sql
    driver_connection: Any = op.get_bind().connection.driver_connection
    driver_connection.create_function("read_text", 1, read_text)
    driver_connection.create_function("read_time", 1, read_time)
    text = "CAST(read_text(CAST(text AS BLOB)) AS TEXT)"
    run(f"UPDATE thing SET text = {text}, folded = NULL WHERE text IS NOT {text}")
    now = read_time(datetime.now(UTC).timestamp())
    created_at, updated_at = "read_time(created_at)", "read_time(updated_at)"
    run(
        f"UPDATE thing SET created_at = coalesce({created_at}, {updated_at}, '{now}'), "
        f"updated_at = coalesce({updated_at}, {created_at}, '{now}') "
        f"WHERE NOT ({is_time('created_at')} AND {is_time('updated_at')} "
        f"AND length(created_at) + length(updated_at) = 2 * 26)"
    )
    # A token that cannot be read has let nobody in, and an answer was not repeated.
    for table in ("token", "kept_answer"):
        run(f"DELETE FROM {table} WHERE NOT ({' AND '.join(SQLITE[table].values())})")


def read_text(text: bytes) -> bytes:
    """Return a text as UTF-8, with U+FFFD for what is not. A str would end at U+0000."""
    return text.decode(errors="replace").encode()


def read_time(value: Any) -> str | None:
    """Return a time as it is stored, or None for what is none.

    A number counts from 1970 on: seconds, or milliseconds if it is that high.
    """
    try:
        if isinstance(value, int | float):
            moment = datetime.fromtimestamp(0, UTC) + timedelta(
                seconds=value / 1000 if abs(value) > 1e11 else value
            )
        else:
            moment = datetime.fromisoformat(value.decode() if isinstance(value, bytes) else value)
        if moment.tzinfo:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, TypeError, ValueError):
        return None
    return moment.isoformat(" ", "microseconds")


def rebuild(table: str) -> None:
    """Give a table its defaults and constraints. Whatever else it has, it keeps.

    SQLite cannot do that in place: https://www.sqlite.org/lang_altertable.html#otheralter
    """
    run = op.get_bind().exec_driver_sql
    parts = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql NOT NULL"
    definition, *others = run(f"{parts} ORDER BY type <> 'table', rowid", (table,)).scalars().all()
    if table == "thing":
        for name in ("created_at", "updated_at"):
            default = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
            definition = definition.replace(
                f"{name} DATETIME NOT NULL", f"{name} DATETIME DEFAULT ({default}) NOT NULL"
            )
    begin, end = definition.index("("), definition.rindex(")")
    checks = "".join(f", CONSTRAINT {name} CHECK ({rule})" for name, rule in SQLITE[table].items())
    run(f"CREATE TABLE new_{table} {definition[begin:end]}{checks}{definition[end:]}")
    # AUTOINCREMENT goes on from the highest id that was ever given.
    run(
        f"INSERT INTO sqlite_sequence (name, seq) "
        f"SELECT 'new_{table}', seq FROM sqlite_sequence WHERE name = '{table}'"
    )
    names = run("SELECT name FROM pragma_table_info(?)", (table,)).scalars()
    columns = ", ".join(f'"{name}"' for name in names)
    run(f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table}")
    run(f"DROP TABLE {table}")
    run("PRAGMA legacy_alter_table = ON")  # or else a view of the table is an error
    run(f"ALTER TABLE new_{table} RENAME TO {table}")
    run("PRAGMA legacy_alter_table = OFF")
    for statement in others:
        run(statement)


def downgrade() -> None:
    """Refuse: what an older schema takes, this code cannot read."""
    raise RuntimeError("There is no way back from here.")
