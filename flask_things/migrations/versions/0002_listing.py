"""What lists and searches need of the table of things, and the answers kept for retries.

The search index is explained in search.py. On SQLite, triggers keep it.
"""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SQLITE = (
    """
    CREATE VIRTUAL TABLE thing_search USING fts5(
        folded, content='thing', content_rowid='id',
        tokenize='trigram case_sensitive 1', detail=none, columnsize=0
    )
    """,
    "INSERT INTO thing_search (thing_search) VALUES ('rebuild')",
    """
    CREATE TRIGGER thing_search_insert AFTER INSERT ON thing WHEN new.folded IS NOT NULL BEGIN
        INSERT INTO thing_search (rowid, folded) VALUES (new.id, new.folded);
    END
    """,
    """
    CREATE TRIGGER thing_search_delete AFTER DELETE ON thing WHEN old.folded IS NOT NULL BEGIN
        INSERT INTO thing_search (thing_search, rowid, folded)
        VALUES ('delete', old.id, old.folded);
    END
    """,
    """
    CREATE TRIGGER thing_search_update AFTER UPDATE OF id, folded ON thing
    WHEN new.folded IS NOT old.folded OR new.id <> old.id BEGIN
        INSERT INTO thing_search (thing_search, rowid, folded)
        SELECT 'delete', old.id, old.folded WHERE old.folded IS NOT NULL;
        INSERT INTO thing_search (rowid, folded)
        SELECT new.id, new.folded WHERE new.folded IS NOT NULL;
    END
    """,
    # A text that is changed by what knows nothing of folding: search.py folds it later.
    """
    CREATE TRIGGER thing_unfold AFTER UPDATE OF text ON thing
    WHEN new.text IS NOT old.text AND new.folded IS old.folded BEGIN
        UPDATE thing SET folded = NULL WHERE id = new.id;
    END
    """,
)

POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_thing_folded ON thing USING gin (folded gin_trgm_ops)",
    """
    CREATE FUNCTION thing_unfold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        new.folded = NULL;
        RETURN new;
    END
    $$
    """,
    """
    CREATE TRIGGER thing_unfold BEFORE UPDATE OF text ON thing FOR EACH ROW
    WHEN (new.text IS DISTINCT FROM old.text AND new.folded IS NOT DISTINCT FROM old.folded)
    EXECUTE FUNCTION thing_unfold()
    """,
)


def upgrade() -> None:
    """Add the columns, fill them, and make the indexes."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    head = sa.Computed("substr(text, 1, 200)", persisted=not is_sqlite)
    op.add_column("thing", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("thing", sa.Column("head", sa.Text(collation=None if is_sqlite else "C"), head))
    op.add_column("thing", sa.Column("folded", sa.Text))
    for name in ("created_at", "updated_at", "head"):
        op.create_index(f"ix_thing_{name}", "thing", [name, "id"])
    unfolded = sa.text("folded IS NULL")
    op.create_index(
        "ix_thing_unfolded", "thing", ["id"], sqlite_where=unfolded, postgresql_where=unfolded
    )
    if is_sqlite:
        fold_all()
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        op.execute(statement)
    op.create_table(
        "kept_answer",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_kept_answer_created_at", "kept_answer", ["created_at"])


def fold_all() -> None:
    """Fill the column that is searched. On PostgreSQL, where no tutorial ran, search.py does it."""
    driver_connection: Any = op.get_bind().connection.driver_connection
    # Of bytes, as a str from a function would end at U+0000.
    driver_connection.create_function(
        "fold", 1, lambda text: fold(text.decode(errors="replace")).encode()
    )
    op.execute("UPDATE thing SET folded = CAST(fold(CAST(text AS BLOB)) AS TEXT)")


# What Unicode folds to several characters (ß → ss) keeps its length in simple folding: it goes to
# its lower case, if that is one character, or stays. The three are in Unicode since 15.1 only.
_LONG = (chr(code) for code in range(0x10000) if len(chr(code).casefold()) > 1)
_SIMPLE = {long: long.lower() if len(long.lower()) == 1 else long for long in _LONG} | {
    "\u1fd3": "\u0390",
    "\u1fe3": "\u03b0",
    "\ufb05": "\ufb06",
}
_SPLIT = re.compile(f"([{''.join(_SIMPLE)}])")


def fold(text: str) -> str:
    """Return a text without its case, by Unicode's simple case folding, which keeps the length."""
    if text.isascii():
        return text.lower()
    return "".join(_SIMPLE.get(part) or part.casefold() for part in _SPLIT.split(text))


def downgrade() -> None:
    """Refuse: older code would write things without what this one needs."""
    raise RuntimeError("There is no way back from here.")
