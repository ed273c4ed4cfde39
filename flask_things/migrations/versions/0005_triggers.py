"""Triggers for what other programs write: its limits and its times.

The service has checked its own rows, and fills `folded` in an INSERT and raises `revision` in an
UPDATE: so these triggers do not hold it up.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

#: SQLite has no function that tells whether a text is UTF-8. But where it is not, SQLite reads
#: characters that it writes in other bytes, as it does with two others, which it reads as U+FFFD.
#: `substr` counts from the beginning of a text, so that a long one is first cut into parts.
CHECK_TEXT = """
    SELECT RAISE(ABORT, 'thing.text has over 100000 characters or a U+0000')
    WHERE length(new.text) > 100000 OR instr(new.text, char(0));
    SELECT RAISE(ABORT, 'thing.text is not UTF-8')
    WHERE new.text GLOB '*[^' || char(1) || '-' || char(127) || ']*' AND EXISTS (
        WITH RECURSIVE
        part(start, text) AS (
            SELECT 1, substr(new.text, 1, 200)
            UNION ALL
            SELECT start + 200, substr(new.text, start + 200, 200)
            FROM part WHERE length(text) = 200
        ),
        place(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 200),
        letter(c) AS (SELECT substr(text, n, 1) FROM part, place WHERE n <= length(text))
        SELECT 1 FROM letter WHERE c <> char(unicode(c)) AND c NOT IN (char(65534), char(65535))
    );
"""

#: Times are text, and sort only if all have six decimals.
IS_SHORT = "length(new.created_at) + length(new.updated_at) < 2 * 26"
PAD = f"""
    UPDATE thing SET
        created_at = created_at || substr('.000000', length(created_at) - 18),
        updated_at = updated_at || substr('.000000', length(updated_at) - 18)
    WHERE id = new.id AND {IS_SHORT};
"""

SQLITE = (
    f"""
    CREATE TRIGGER thing_check_insert AFTER INSERT ON thing
    WHEN new.folded IS NULL OR {IS_SHORT} BEGIN
        SELECT RAISE(ABORT, 'thing.id is below 1') WHERE new.id < 1;
        {CHECK_TEXT}
        {PAD}
    END
    """,
    """
    CREATE TRIGGER thing_check_id AFTER UPDATE OF id ON thing
    WHEN new.id < 1 AND new.id <> old.id BEGIN
        SELECT RAISE(ABORT, 'thing.id is below 1');
    END
    """,
    f"""
    CREATE TRIGGER thing_pad AFTER UPDATE OF created_at, updated_at ON thing
    WHEN {IS_SHORT} BEGIN
        {PAD}
    END
    """,
    f"""
    CREATE TRIGGER thing_touch AFTER UPDATE OF text ON thing
    WHEN new.text IS NOT old.text AND new.revision = old.revision BEGIN
        {CHECK_TEXT}
        UPDATE thing SET
            revision = old.revision + 1,
            updated_at = CASE updated_at
                WHEN old.updated_at THEN strftime('%Y-%m-%d %H:%M:%f000', 'now')
                ELSE updated_at
            END
        WHERE id = new.id;
    END
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION thing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE check_violation
        USING MESSAGE = 'thing.id is below 1, or thing.text has over 100000 characters';
    END
    $$
    """,
    """
    CREATE TRIGGER thing_check_insert BEFORE INSERT ON thing FOR EACH ROW
    WHEN (new.folded IS NULL AND (new.id < 1 OR char_length(new.text) > 100000))
    EXECUTE FUNCTION thing_refuse()
    """,
    """
    CREATE TRIGGER thing_check_id BEFORE UPDATE OF id ON thing FOR EACH ROW
    WHEN (new.id < 1 AND new.id <> old.id)
    EXECUTE FUNCTION thing_refuse()
    """,
    """
    CREATE TRIGGER thing_check_update BEFORE UPDATE OF text ON thing FOR EACH ROW
    WHEN (
        new.text IS DISTINCT FROM old.text AND new.revision = old.revision
        AND char_length(new.text) > 100000
    )
    EXECUTE FUNCTION thing_refuse()
    """,
    """
    CREATE FUNCTION thing_touch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        new.revision = old.revision + 1;
        IF new.updated_at = old.updated_at THEN
            new.updated_at = timezone('utc', statement_timestamp());
        END IF;
        RETURN new;
    END
    $$
    """,
    """
    CREATE TRIGGER thing_touch BEFORE UPDATE OF text ON thing FOR EACH ROW
    WHEN (new.text IS DISTINCT FROM old.text AND new.revision = old.revision)
    EXECUTE FUNCTION thing_touch()
    """,
)


def upgrade() -> None:
    """Add the triggers."""
    run = op.get_bind().exec_driver_sql
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        run(statement)


def downgrade() -> None:
    """Refuse: what an older schema takes, this code cannot serve."""
    raise RuntimeError("There is no way back from here.")
