"""Give things the indexes and triggers that every resource has (resource/tables/).

The columns `folded` and `head` go: the search index folds case itself, and an expression index
sorts by text. A revision of 0 marks a row that another program inserted. Triggers replace the
CHECKs of 0004.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

DROP_ON_SQLITE = (
    *(
        f"DROP TRIGGER IF EXISTS thing_{name}"
        for name in (
            *("search_insert", "search_delete", "search_update", "unfold"),
            *("check_insert", "check_id", "pad", "touch"),
        )
    ),
    "DROP TABLE IF EXISTS thing_search",
    *(
        f"DROP INDEX IF EXISTS ix_thing_{name}"
        for name in ("created_at", "updated_at", "head", "unfolded")
    ),
)

DROP_ON_POSTGRESQL = (
    "DROP FUNCTION thing_unfold, thing_refuse, thing_touch CASCADE",
    "DROP INDEX ix_thing_created_at, ix_thing_updated_at",
    """
    ALTER TABLE thing
        DROP CONSTRAINT created_at_is_time,
        DROP CONSTRAINT updated_at_is_time,
        DROP COLUMN head,
        DROP COLUMN folded,
        ALTER revision SET DEFAULT 0
    """,
)

SQLITE = (
    """
    CREATE TRIGGER "thing_rules" AFTER INSERT ON "thing"
    WHEN new.revision = 0 BEGIN
        SELECT RAISE(ABORT, 'thing.id must be above 0')
        WHERE NOT (new."id" > 0);
        SELECT RAISE(ABORT, 'thing.text must have 0 to 100000 characters')
        WHERE NOT (typeof(new."text") = 'text' AND instr(new."text", char(0)) = 0 AND
            length(new."text") BETWEEN 0 AND 100000);
        SELECT RAISE(ABORT,
            'thing.created_at must be a time like 2026-12-31 23:59:59.123456')
        WHERE NOT (new."created_at" || substr('.000000', length(new."created_at") - 18)
            GLOB '????-??-?? ??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]' AND
            length(CAST(new."created_at" AS BLOB)) BETWEEN 19 AND 26 AND
            length(new."created_at") <> 20 AND datetime(substr(new."created_at", 1, 19),
            '+0 days') IS substr(new."created_at", 1, 19) AND new."created_at" >
            '0001');
        SELECT RAISE(ABORT,
            'thing.updated_at must be a time like 2026-12-31 23:59:59.123456')
        WHERE NOT (new."updated_at" || substr('.000000', length(new."updated_at") - 18)
            GLOB '????-??-?? ??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]' AND
            length(CAST(new."updated_at" AS BLOB)) BETWEEN 19 AND 26 AND
            length(new."updated_at") <> 20 AND datetime(substr(new."updated_at", 1, 19),
            '+0 days') IS substr(new."updated_at", 1, 19) AND new."updated_at" >
            '0001');
        SELECT RAISE(ABORT, 'thing has a text that is not UTF-8')
        WHERE EXISTS (
            WITH RECURSIVE
            written(text) AS (VALUES (new."text")),
            part(text, start, piece) AS (
                SELECT text, 1, substr(text, 1, 200) FROM written
                WHERE text GLOB '*[^' || char(1) || '-' || char(127) || ']*'
                UNION ALL
                SELECT text, start + 200, substr(text, start + 200, 200)
                FROM part WHERE length(piece) = 200
            ),
            place(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 200),
            letter(c) AS (
                SELECT substr(piece, n, 1) FROM part, place WHERE n <= length(piece)
            )
            SELECT 1 FROM letter
            WHERE c <> char(unicode(c)) AND c NOT IN (char(65534), char(65535))
        );
        UPDATE "thing" SET
            revision = 1,
            "created_at" = "created_at" || substr('.000000', length("created_at") - 18),
            "updated_at" = "updated_at" || substr('.000000', length("updated_at") - 18)
        WHERE id = new.id;
    END
    """,
    """
    CREATE TRIGGER "thing_rules_update" AFTER UPDATE ON "thing"
    WHEN new.revision = old.revision AND (
        new."id" IS NOT old."id" OR
        new."text" IS NOT old."text" OR
        new."created_at" IS NOT old."created_at" OR
        new."updated_at" IS NOT old."updated_at"
    ) BEGIN
        SELECT RAISE(ABORT, 'thing.id must be above 0')
        WHERE new."id" IS NOT old."id" AND NOT (new."id" > 0);
        SELECT RAISE(ABORT, 'thing.text must have 0 to 100000 characters')
        WHERE new."text" IS NOT old."text" AND NOT (typeof(new."text") = 'text' AND
            instr(new."text", char(0)) = 0 AND length(new."text") BETWEEN 0 AND 100000);
        SELECT RAISE(ABORT,
            'thing.created_at must be a time like 2026-12-31 23:59:59.123456')
        WHERE new."created_at" IS NOT old."created_at" AND NOT (new."created_at" ||
            substr('.000000', length(new."created_at") - 18) GLOB
            '????-??-?? ??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]' AND
            length(CAST(new."created_at" AS BLOB)) BETWEEN 19 AND 26 AND
            length(new."created_at") <> 20 AND datetime(substr(new."created_at", 1, 19),
            '+0 days') IS substr(new."created_at", 1, 19) AND new."created_at" >
            '0001');
        SELECT RAISE(ABORT,
            'thing.updated_at must be a time like 2026-12-31 23:59:59.123456')
        WHERE new."updated_at" IS NOT old."updated_at" AND NOT (new."updated_at" ||
            substr('.000000', length(new."updated_at") - 18) GLOB
            '????-??-?? ??:??:??.[0-9][0-9][0-9][0-9][0-9][0-9]' AND
            length(CAST(new."updated_at" AS BLOB)) BETWEEN 19 AND 26 AND
            length(new."updated_at") <> 20 AND datetime(substr(new."updated_at", 1, 19),
            '+0 days') IS substr(new."updated_at", 1, 19) AND new."updated_at" >
            '0001');
        SELECT RAISE(ABORT, 'thing has a text that is not UTF-8')
        WHERE EXISTS (
            WITH RECURSIVE
            written(text) AS (VALUES (new."text")),
            part(text, start, piece) AS (
                SELECT text, 1, substr(text, 1, 200) FROM written
                WHERE text GLOB '*[^' || char(1) || '-' || char(127) || ']*'
                UNION ALL
                SELECT text, start + 200, substr(text, start + 200, 200)
                FROM part WHERE length(piece) = 200
            ),
            place(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 200),
            letter(c) AS (
                SELECT substr(piece, n, 1) FROM part, place WHERE n <= length(piece)
            )
            SELECT 1 FROM letter
            WHERE c <> char(unicode(c)) AND c NOT IN (char(65534), char(65535))
        );
        UPDATE "thing" SET
            revision = old.revision + 1,
            "created_at" = "created_at" || substr('.000000', length("created_at") - 18),
            "updated_at" = CASE WHEN new.updated_at IS old.updated_at AND (
                            new."text" IS NOT old."text"
                        ) THEN strftime('%Y-%m-%d %H:%M:%f000', 'now')
                        ELSE "updated_at" || substr('.000000', length("updated_at") -
                            18) END
        WHERE id = new.id;
    END
    """,
    """
    CREATE INDEX "thing_sort_created_at" ON "thing" ("created_at", id)
    """,
    """
    CREATE INDEX "thing_sort_updated_at" ON "thing" ("updated_at", id)
    """,
    """
    CREATE INDEX "thing_sort_text" ON "thing" (substr("text", 1, 200), id)
    """,
    """
    CREATE VIRTUAL TABLE "thing_search" USING fts5(
        "text", content='thing', content_rowid='id',
        tokenize='trigram', detail=none, columnsize=0
    )
    """,
    """
    INSERT INTO "thing_search" ("thing_search") VALUES ('rebuild')
    """,
    """
    CREATE TRIGGER "thing_search_insert" AFTER INSERT ON "thing" BEGIN
        INSERT INTO "thing_search" (rowid, "text") VALUES (new.id, new."text");
    END
    """,
    """
    CREATE TRIGGER "thing_search_delete" AFTER DELETE ON "thing" BEGIN
        INSERT INTO "thing_search" ("thing_search", rowid, "text")
        VALUES ('delete', old.id, old."text");
    END
    """,
    """
    CREATE TRIGGER "thing_search_update" AFTER UPDATE OF id, "text" ON "thing"
    WHEN new."text" IS NOT old."text" OR new.id <> old.id BEGIN
        INSERT INTO "thing_search" ("thing_search", rowid, "text")
        VALUES ('delete', old.id, old."text");
        INSERT INTO "thing_search" (rowid, "text") VALUES (new.id, new."text");
    END
    """,
)

#: Letters whose lower case ICU keeps apart from that of others, and those others.
LETTERS = "\u00b5\u017f\u0345\u03c2\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5\u1e9b\u1fbe"
SAME = "\u03bcs\u03b9\u03c3\u03b2\u03b8\u03c6\u03c0\u03ba\u03c1\u03b5\u1e61\u03b9"

#: A text without its case. An index needs a function that does the same whatever the collation of
#: the database.
FOLD = f"""
    CREATE FUNCTION search_fold(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
    BEGIN
        IF octet_length(value) = length(value) THEN
            RETURN lower(value COLLATE "C");
        END IF;
        RETURN translate(
            lower(value COLLATE "und-x-icu"), '{LETTERS}', '{SAME}'
        );
    END
    $$
"""

POSTGRESQL = (
    FOLD,
    """
    CREATE FUNCTION "thing_rules"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF new."id" IS DISTINCT FROM old."id"
        AND NOT (new."id" > 0) THEN
            RAISE check_violation USING MESSAGE =
                'thing.id must be above 0';
        END IF;
        IF new."text" IS DISTINCT FROM old."text"
        AND NOT (char_length(new."text") BETWEEN 0 AND 100000) THEN
            RAISE check_violation USING MESSAGE =
                'thing.text must have 0 to 100000 characters';
        END IF;
        IF new."created_at" IS DISTINCT FROM old."created_at"
        AND NOT (new."created_at" BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999')
            THEN
            RAISE check_violation USING MESSAGE =
                'thing.created_at must be a time like 2026-12-31 23:59:59.123456';
        END IF;
        IF new."updated_at" IS DISTINCT FROM old."updated_at"
        AND NOT (new."updated_at" BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999')
            THEN
            RAISE check_violation USING MESSAGE =
                'thing.updated_at must be a time like 2026-12-31 23:59:59.123456';
        END IF;
        new.revision = coalesce(old.revision, 0) + 1;
        IF new.updated_at = old.updated_at AND (
            new."text" IS DISTINCT FROM old."text"
        ) THEN
            new.updated_at = timezone('utc', statement_timestamp());
        END IF;
        RETURN new;
    END
    $$
    """,
    """
    CREATE TRIGGER "thing_rules_insert" BEFORE INSERT ON "thing" FOR EACH ROW
    WHEN (new.revision = 0) EXECUTE FUNCTION "thing_rules"()
    """,
    """
    CREATE TRIGGER "thing_rules_update" BEFORE UPDATE ON "thing" FOR EACH ROW
    WHEN (new.revision = old.revision AND (
        new."id" IS DISTINCT FROM old."id" OR
        new."text" IS DISTINCT FROM old."text" OR
        new."created_at" IS DISTINCT FROM old."created_at" OR
        new."updated_at" IS DISTINCT FROM old."updated_at"
    )) EXECUTE FUNCTION "thing_rules"()
    """,
    """
    COMMENT ON FUNCTION "thing_rules" IS 'declared 984f00677ffb4c3a'
    """,
    """
    CREATE INDEX "thing_sort_created_at" ON "thing" ("created_at", id)
    """,
    """
    COMMENT ON INDEX "thing_sort_created_at" IS 'declared 14f577d036ffcc44'
    """,
    """
    CREATE INDEX "thing_sort_updated_at" ON "thing" ("updated_at", id)
    """,
    """
    COMMENT ON INDEX "thing_sort_updated_at" IS 'declared f1a79fe777513a57'
    """,
    """
    CREATE INDEX "thing_sort_text" ON "thing" (((substr("text", 1, 200)) COLLATE "C"),
        id)
    """,
    """
    COMMENT ON INDEX "thing_sort_text" IS 'declared bf68c5c40172cf28'
    """,
    """
    CREATE INDEX "thing_search" ON "thing"
    USING gin (search_fold("text") gin_trgm_ops)
    """,
    """
    COMMENT ON INDEX "thing_search" IS 'declared b561f968cc194977'
    """,
)

#: The constraints that 0004 gave the table.
SECOND = "substr({column}, 1, 19)"
IS_TIME = (
    "{column} || substr('.000000', length({column}) - 18) "
    f"GLOB '????-??-?? ??:??:??.{6 * '[0-9]'}' "
    "AND length(CAST({column} AS BLOB)) BETWEEN 19 AND 26 AND length({column}) <> 20 "
    f"AND datetime({SECOND}, '+0 days') IS {SECOND} AND substr({{column}}, 1, 4) > '0000'"
)
CHECKS = {
    "text_is_text": "typeof(text) = 'text'",
    "created_at_is_time": IS_TIME.format(column="created_at"),
    "updated_at_is_time": f"updated_at = created_at OR {IS_TIME.format(column='updated_at')}",
}


def upgrade() -> None:
    """Drop what things had, and create what every resource has."""
    run = op.get_bind().exec_driver_sql
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in DROP_ON_SQLITE if is_sqlite else DROP_ON_POSTGRESQL:
        run(statement)
    if is_sqlite:
        rebuild()
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        run(statement)


def rebuild() -> None:
    """Take constraints and columns from the table. Whatever else it has, it keeps.

    SQLite cannot do all of that in place: https://www.sqlite.org/lang_altertable.html#otheralter
    """
    run = op.get_bind().exec_driver_sql
    parts = "SELECT sql FROM sqlite_master WHERE tbl_name = 'thing' AND sql NOT NULL"
    definition, *others = run(f"{parts} ORDER BY type <> 'table', rowid").scalars().all()
    for name, rule in CHECKS.items():
        definition = definition.replace(f", CONSTRAINT {name} CHECK ({rule})", "")
    definition = definition.replace("revision INTEGER DEFAULT '1'", "revision INTEGER DEFAULT '0'")
    run("PRAGMA legacy_alter_table = ON")  # or else a view of the table is an error
    run(f"CREATE TABLE new_thing {definition[definition.index('(') :]}")
    run("ALTER TABLE new_thing DROP COLUMN head")
    run("ALTER TABLE new_thing DROP COLUMN folded")
    # AUTOINCREMENT goes on from the highest id that was ever given.
    run(
        "INSERT INTO sqlite_sequence (name, seq) "
        "SELECT 'new_thing', seq FROM sqlite_sequence WHERE name = 'thing'"
    )
    names = run("SELECT name FROM pragma_table_info('new_thing')").scalars()
    columns = ", ".join(f'"{name}"' for name in names)
    run(f"INSERT INTO new_thing ({columns}) SELECT {columns} FROM thing")
    run("DROP TABLE thing")
    run("ALTER TABLE new_thing RENAME TO thing")
    run("PRAGMA legacy_alter_table = OFF")
    for statement in others:
        run(statement)


def downgrade() -> None:
    """Refuse: older code needs what is dropped here."""
    raise RuntimeError("There is no way back from here.")
