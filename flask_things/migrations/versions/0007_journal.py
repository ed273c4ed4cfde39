"""The journal, which triggers of each resource's table write (db/journal.py)."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    """Go from the revision before to this one."""
    op.create_table('journal',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('table_name', sa.Text(), nullable=True),
    sa.Column('row_id', sa.BigInteger(), nullable=True),
    sa.Column('change', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(), server_default=sa.text({'sqlite': "(strftime('%Y-%m-%d %H\\:%M\\:%f000', 'now'))", 'postgresql': "timezone('utc', statement_timestamp())"}[op.get_bind().dialect.name]), nullable=False),
    sa.Column('before', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('transaction_id', sa.BigInteger(), server_default=sa.text({'sqlite': 'NULL', 'postgresql': '(pg_current_xact_id()\\:\\:text\\:\\:bigint)'}[op.get_bind().dialect.name]), nullable=True),
    sa.PrimaryKeyConstraint('position'),
    sqlite_autoincrement=True
    )
    op.create_index('ix_journal_row', 'journal', ['table_name', 'row_id', 'position'], unique=False)
    for statement in {
        "sqlite": (
            """
            CREATE INDEX "journal_sort_deletions" ON journal (table_name, position)
            WHERE change = 'deleted'
            """,
            """
            CREATE INDEX "journal_sort_transactions" ON journal (transaction_id, position)
            WHERE transaction_id IS NOT NULL
            """,
            """
            CREATE TRIGGER "token_journal" AFTER INSERT ON "token" BEGIN
                INSERT INTO journal (table_name, change) VALUES ('token', 'updated');
            END
            """,
            """
            CREATE TRIGGER "token_journal_update" AFTER UPDATE ON "token" BEGIN
                INSERT INTO journal (table_name, change) VALUES ('token', 'updated');
            END
            """,
            """
            CREATE TRIGGER "token_journal_delete" AFTER DELETE ON "token" BEGIN
                INSERT INTO journal (table_name, change) VALUES ('token', 'updated');
            END
            """,
            """
            CREATE TRIGGER "thing_journal" AFTER INSERT ON "thing" BEGIN
                INSERT INTO journal (table_name, row_id, change)
                VALUES ('thing', new.id,
                    CASE WHEN new.revision > 1 THEN 'restored' ELSE 'created' END);
            END
            """,
            """
            CREATE TRIGGER "thing_journal_update" AFTER UPDATE ON "thing"
            WHEN new.revision = old.revision AND (
                new."id" IS NOT old."id" OR
                new."text" IS NOT old."text" OR
                new."created_at" IS NOT old."created_at" OR
                new."updated_at" IS NOT old."updated_at"
            ) OR new.revision <> old.revision AND (
                new."text" IS NOT old."text"
            ) BEGIN
                INSERT INTO journal (table_name, row_id, change, before)
                VALUES ('thing', old.id,
                    CASE WHEN new.id = old.id THEN 'updated' ELSE 'deleted' END, json_object(
                    'id', old."id",
                    'text', old."text",
                    'created_at', old."created_at",
                    'updated_at', old."updated_at",
                    'revision', old."revision"
                ));
                INSERT INTO journal (table_name, row_id, change)
                SELECT 'thing', new.id, 'created' WHERE new.id <> old.id;
            END
            """,
            """
            CREATE TRIGGER "thing_journal_delete" AFTER DELETE ON "thing" BEGIN
                INSERT INTO journal (table_name, row_id, change, before)
                VALUES ('thing', old.id, 'deleted', json_object(
                    'id', old."id",
                    'text', old."text",
                    'created_at', old."created_at",
                    'updated_at', old."updated_at",
                    'revision', old."revision"
                ));
            END
            """,
        ),
        "postgresql": (
            """
            CREATE INDEX "journal_sort_deletions" ON journal (table_name, position)
            WHERE change = 'deleted'
            """,
            """
            COMMENT ON INDEX "journal_sort_deletions" IS 'declared ced81a662a57b09a'
            """,
            """
            CREATE INDEX "journal_sort_transactions" ON journal (transaction_id, position)
            """,
            """
            COMMENT ON INDEX "journal_sort_transactions" IS 'declared 0a6338ab3d49485d'
            """,
            """
            CREATE FUNCTION "token_journal"() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path FROM CURRENT AS $$
            BEGIN
                INSERT INTO journal (table_name, change) VALUES ('token', 'updated');
                RETURN NULL;
            END
            $$
            """,
            """
            CREATE TRIGGER "token_journal" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON
                "token"
            FOR EACH STATEMENT EXECUTE FUNCTION "token_journal"()
            """,
            """
            COMMENT ON FUNCTION "token_journal" IS 'declared d3e2ed36969ecda5'
            """,
            """
            CREATE FUNCTION "thing_journal"() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path FROM CURRENT AS $$
            BEGIN
                IF TG_OP = 'TRUNCATE' THEN
                    INSERT INTO journal (table_name, row_id, change, before)
                    SELECT 'thing', id, 'deleted', row_to_json(one) FROM "thing" AS one;
                    RETURN NULL;
                END IF;
                IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND new.id <> old.id THEN
                    INSERT INTO journal (table_name, row_id, change, before)
                    VALUES ('thing', old.id, 'deleted', row_to_json(old));
                ELSIF TG_OP = 'UPDATE' THEN
                    INSERT INTO journal (table_name, row_id, change, before)
                    VALUES ('thing', old.id, 'updated', row_to_json(old));
                END IF;
                IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND new.id <> old.id THEN
                    INSERT INTO journal (table_name, row_id, change)
                    VALUES ('thing', new.id,
                        CASE WHEN TG_OP = 'INSERT' AND new.revision > 1
                        THEN 'restored' ELSE 'created' END);
                END IF;
                RETURN NULL;
            END
            $$
            """,
            """
            CREATE TRIGGER "thing_journal" AFTER INSERT OR DELETE ON "thing"
            FOR EACH ROW EXECUTE FUNCTION "thing_journal"()
            """,
            """
            CREATE TRIGGER "thing_journal_update" AFTER UPDATE ON "thing" FOR EACH ROW
            WHEN (new.revision <> old.revision OR new.id <> old.id) EXECUTE FUNCTION
                "thing_journal"()
            """,
            """
            CREATE TRIGGER "thing_journal_truncate" BEFORE TRUNCATE ON "thing"
            FOR EACH STATEMENT EXECUTE FUNCTION "thing_journal"()
            """,
            """
            COMMENT ON FUNCTION "thing_journal" IS 'declared 1eeefbb38ad072cb'
            """,
        ),
    }[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})
    # A place in the journal is an entry: there must be one.
    op.execute("INSERT INTO journal (change) VALUES ('started')")


def downgrade() -> None:
    """Refuse: older code could not serve what this one stores."""
    raise RuntimeError("There is no way back from here.")
