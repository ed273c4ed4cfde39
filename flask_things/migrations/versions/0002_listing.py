"""What lists and searches need of the table of things, and the answers kept for retries.

The search index is explained in search.py. On SQLite, triggers keep it.
"""

import sqlalchemy as sa
from alembic import op

from flask_things.search import fold_the_rest

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
    fold_the_rest(op.get_bind())
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


def downgrade() -> None:
    """Refuse: older code would write things without what this one needs."""
    raise RuntimeError("There is no way back from here.")
