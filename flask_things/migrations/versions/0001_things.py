"""The table of things; a table that the tutorial app left behind is taken over.

The tutorial's is `thing(id INTEGER NOT NULL PRIMARY KEY, text VARCHAR NOT NULL)`.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

#: What a table may hold its rows to besides its columns. Ours would not, so it cannot stand in.
RULES = """
    SELECT name FROM pragma_index_list('thing') WHERE "unique" AND origin <> 'pk'
    UNION ALL
    SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'thing'
"""


def upgrade() -> None:
    """Make the table, and carry the tutorial's rows over with their ids and texts."""
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table("thing"):
        create_table("thing")
        return
    columns = [column["name"] for column in inspector.get_columns("thing")]
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    rules = op.get_bind().scalars(sa.text(RULES)).all() if is_sqlite else []
    if not is_sqlite or sorted(columns) != ["id", "text"] or rules:
        raise RuntimeError(
            f"The database has a table thing({', '.join([*columns, *rules])}) that is neither ours "
            "nor the tutorial's: choose another one with THINGS_DATABASE_URL."
        )
    take_over()


def create_table(name: str) -> None:
    """Create the table of things."""
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )


def take_over() -> None:
    """Replace the tutorial's table by ours: SQLite cannot add AUTOINCREMENT to a table."""
    create_table("new_thing")
    # Should the old one have known of higher ids than it still has, the new one shall, too.
    op.execute(
        "INSERT INTO sqlite_sequence (name, seq) "
        "SELECT 'new_thing', seq FROM sqlite_sequence WHERE name = 'thing'"
    )
    now = sa.literal(datetime.now(UTC).replace(tzinfo=None), sa.DateTime)
    old = sa.table("thing", sa.column("id"), sa.column("text"))
    new = sa.table("new_thing", *(sa.column(c) for c in ("id", "text", "created_at", "updated_at")))
    op.execute(
        new.insert().from_select(
            ["id", "text", "created_at", "updated_at"], sa.select(old.c.id, old.c.text, now, now)
        )
    )
    op.drop_table("thing")
    op.rename_table("new_thing", "thing")


def downgrade() -> None:
    """Refuse: it would drop every thing."""
    raise RuntimeError("There is no way back from here: it would drop every thing.")
