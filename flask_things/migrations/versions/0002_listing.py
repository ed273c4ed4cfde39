"""What lists and searches need of the table of things, and the answers kept for retries.

The search index is explained in search.py. Triggers keep it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from flask_things.search import fold

revision = "0002"
down_revision = "0001"

SEARCH = (
    """
    CREATE VIRTUAL TABLE thing_search USING fts5(
        folded, content='thing', content_rowid='id',
        tokenize='trigram case_sensitive 1', detail=none, columnsize=0
    )
    """,
    """
    CREATE TRIGGER thing_search_insert AFTER INSERT ON thing BEGIN
        INSERT INTO thing_search (rowid, folded) VALUES (new.id, new.folded);
    END
    """,
    """
    CREATE TRIGGER thing_search_delete AFTER DELETE ON thing BEGIN
        INSERT INTO thing_search (thing_search, rowid, folded)
        VALUES ('delete', old.id, old.folded);
    END
    """,
    """
    CREATE TRIGGER thing_search_update AFTER UPDATE OF folded ON thing
    WHEN new.folded IS NOT old.folded BEGIN
        INSERT INTO thing_search (thing_search, rowid, folded)
        VALUES ('delete', old.id, old.folded);
        INSERT INTO thing_search (rowid, folded) VALUES (new.id, new.folded);
    END
    """,
    "INSERT INTO thing_search (thing_search) VALUES ('rebuild')",
)


def upgrade() -> None:
    """Add the columns, fill them, and make the indexes."""
    head = sa.Computed("substr(text, 1, 200)", persisted=False)
    op.add_column("thing", sa.Column("head", sa.Text, head))
    op.add_column("thing", sa.Column("folded", sa.Text, nullable=False, server_default=""))
    for name in ("created_at", "updated_at", "head"):
        op.create_index(f"ix_thing_{name}", "thing", [name, "id"])
    driver: Any = op.get_bind().connection.driver_connection
    driver.create_function("fold", 1, fold)
    op.execute("UPDATE thing SET folded = fold(text)")
    for statement in SEARCH:
        op.execute(statement)
    op.create_table(
        "kept_answer",
        sa.Column("route", sa.Text, primary_key=True),
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
