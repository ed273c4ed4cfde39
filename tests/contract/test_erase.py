"""Erasing rows in the trash."""

from flask_things.db.objects import quote
from flask_things.db.session import db


def erase(rows, row, **options):
    """Erase a row in the trash, and return the response."""
    return rows.client.delete(f"{rows.path}/trash/{row['id']}", **options)


def tables(app):
    """Return the content of each table as text."""
    with app.app_context():
        listed = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
            if db.engine.dialect.name == "sqlite"
            else "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = current_schema()::regnamespace"
        )
        with db.engine.connect() as connection:
            names = [name for (name,) in connection.exec_driver_sql(listed)]
            return {
                name: repr(connection.exec_driver_sql(f"SELECT * FROM {quote(name)}").all())
                for name in names
            }


def test_an_erased_row_is_in_no_table_any_more(app, rows):
    text = "PeRmAnEnTlY"
    name = rows.searched
    secret, key = f"{text} {rows.table.name}"[:30], {"Idempotency-Key": "k"}
    row = rows.post(rows.body(**{name: secret}), headers=key).json
    rows.client.patch(rows.url(row), json={name: secret[::-1]})
    rows.client.delete(rows.url(row))
    assert secret in tables(app)["journal"]
    assert erase(rows, row).status_code == 204
    assert [n for n, held in tables(app).items() if secret in held or secret[::-1] in held] == []
    for response in (
        erase(rows, row),
        rows.client.post(f"{rows.url(row)}/restore"),
        rows.get(f"/{row['id']}/versions"),
        rows.client.get(rows.url(row)),
    ):
        assert response.status_code == 404
    assert rows.get("/trash").json == []


def test_only_rows_in_the_trash_can_be_erased(rows):
    deleted, other = rows.create(0), rows.create(1)
    rows.client.delete(rows.url(deleted))
    assert erase(rows, other).status_code == 404
    assert erase(rows, deleted).status_code == 204
    assert rows.get().json == [other]
    assert len(rows.get(f"/{other['id']}/versions").json) == 1
