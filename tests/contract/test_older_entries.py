"""Journal entries that are older than a change of their table."""

import pytest
from sqlalchemy import select, update

from flask_things.db.journal import Entry
from flask_things.db.session import db
from flask_things.db.types import Choice


@pytest.fixture
def deleted(rows):
    """Return a deleted row that has defaults wherever possible."""
    row = rows.create_many([rows.minimal()])[0]
    rows.client.delete(rows.url(row))
    return row


@pytest.fixture
def rewrite(app, deleted):
    """Return a function that changes the row in the last entry."""

    def change(function):
        with app.app_context():
            last = select(Entry).order_by(Entry.position.desc()).limit(1)
            entry = db.session.scalars(last).one()
            before = {name: entry.before[name] for name in entry.before}
            function(before)
            this = Entry.position == entry.position
            db.session.execute(update(Entry).where(this).values(before=before))
            db.session.commit()

    return change


def test_a_column_that_was_added_since_has_its_default(rows, deleted, rewrite):
    later = {c.name for c in rows.plain} - rows.minimal().keys()

    def forget(before):
        for name in later:
            del before[name]

    rewrite(forget)
    [found] = rows.get("/trash").json
    assert found == deleted | {"deleted_at": found["deleted_at"]}
    assert rows.get(f"/{deleted['id']}/versions").json[1][rows.table.name] == deleted
    restored = rows.client.post(f"{rows.url(deleted)}/restore").json
    assert restored == deleted | {"updated_at": restored["updated_at"]}


def test_a_column_that_is_gone_does_no_harm(rows, deleted, rewrite):
    rewrite(lambda before: before.update(colour="red"))
    assert rows.ids("/trash") == [deleted["id"]]
    assert rows.client.post(f"{rows.url(deleted)}/restore").status_code == 200


def test_a_choice_that_is_gone_hides_the_row_which_can_still_be_erased(rows, deleted, rewrite):
    for column in (c for c in rows.plain if isinstance(c.type, Choice)):
        rewrite(lambda before, name=column.name: before.update({name: "gone"}))
        assert rows.get("/trash").json == []
        assert rows.client.post(f"{rows.url(deleted)}/restore").status_code == 404
        changes = [one["change"] for one in rows.get(f"/{deleted['id']}/versions").json]
        assert changes == ["deleted"]
        assert rows.client.delete(f"{rows.path}/trash/{deleted['id']}").status_code == 204
        assert rows.get(f"/{deleted['id']}/versions").status_code == 404
        break


def test_a_value_beyond_a_limit_of_today_is_422_and_pointed_at(rows, deleted, rewrite):
    rewrite(lambda before: before.update({rows.searched: "x" * 200_001}))
    assert rows.ids("/trash") == [deleted["id"]]
    response = rows.client.post(f"{rows.url(deleted)}/restore")
    assert response.status_code == 422
    [error] = response.json["errors"]
    assert (error["code"], error["pointer"]) == ("too_long", f"#/{rows.searched}")
    assert error["limit"] == rows.table.c[rows.searched].type.maximum
    assert rows.get().json == []
