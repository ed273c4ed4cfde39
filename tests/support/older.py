"""Rows of a database with an older schema."""

TIME = "2026-11-22 15:04:05.123456"


def insert(connection, text="'x'", created_at=f"'{TIME}'", updated_at=f"'{TIME}'", **others):
    """Insert a thing, given as SQL."""
    row = {"text": text, "created_at": created_at, "updated_at": updated_at} | others
    connection.execute(f"INSERT INTO thing ({', '.join(row)}) VALUES ({', '.join(row.values())})")
