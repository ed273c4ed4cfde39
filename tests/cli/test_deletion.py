"""`flask things delete`: deletes many rows, for administrators and cron."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from flask_things.cli import deletion
from flask_things.db.errors import Conflict
from flask_things.db.session import db
from flask_things.things import THINGS, Thing
from tests.support.things import create_things

OLD = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
def delete(runner):
    """Return a function that runs the command and returns its exit code and messages."""

    def run(*options, **invocation):
        result = runner.invoke(args=["things", "delete", *options], **invocation)
        assert result.stdout == ""
        return result.exit_code, result.stderr

    return run


@pytest.fixture
def texts(app):
    """Return a function that returns the texts of all things. Three of the five things are old."""
    with app.app_context():
        create_things(db.session, [{"text": text} for text in ("a", "b", "c", "Milk", "milk")])
        old = Thing.text.in_(["a", "b", "Milk"])
        db.session.execute(update(Thing).where(old).values(created_at=OLD, updated_at=OLD))
        db.session.commit()

    def read():
        with app.app_context():
            return [row.text for row in THINGS.collection.find(db.session)]

    return read


@pytest.mark.parametrize(
    "before", ["2020-02-04", "2020-02-03T04:05:07Z", "2020-02-03T05:05:07+01:00"]
)
def test_rows_created_before_a_time_are_deleted(delete, texts, before):
    code, messages = delete("--created-before", before, "--yes")
    assert (code, messages) == (0, "3 things selected.\n3 things deleted.\n")
    assert texts() == ["c", "milk"]


def test_the_time_itself_is_not_before_it(delete, texts):
    assert delete("--created-before", "2020-02-03T04:05:06Z", "--yes")[0] == 0
    assert len(texts()) == 5


def test_all_options_must_hold(delete, texts):
    delete(
        "--created-before", "2021-01-01", "--updated-before", "2021-01-01", "--q", "MILK", "--yes"
    )
    assert texts() == ["a", "b", "c", "milk"]


def test_more_than_a_batch_is_deleted(delete, texts, monkeypatch):
    monkeypatch.setattr(deletion, "BATCH_ROWS", 2)
    assert delete("--created-before", "2021-01-01", "--yes")[0] == 0
    assert texts() == ["c", "milk"]


@pytest.mark.parametrize(("answer", "left"), [("y", 2), ("n", 5), ("", 5)])
def test_it_prints_the_number_and_asks_for_confirmation(delete, texts, answer, left):
    code, messages = delete("--created-before", "2021-01-01", input=answer)
    assert messages.startswith("3 things selected.\nDelete 3 things? [y/N]: ")
    assert (code, len(texts())) == (0 if answer == "y" else 1, left)


@pytest.mark.parametrize(
    "options", [[], ["--q", ""], ["--created-before", "2021-01-01", "--q", ""]]
)
def test_leaving_something_out_deletes_nothing(delete, texts, options):
    assert delete(*options, "--yes")[0] == 2
    assert len(texts()) == 5


@pytest.mark.sqlite
@pytest.mark.parametrize("time", ["soon", "2020", "2020-13-01", "2020-01-01T00:00:00", ""])
def test_an_invalid_time_is_rejected(delete, texts, time):
    code, messages = delete("--created-before", time, "--yes")
    assert code == 2
    assert "Must be a time such as" in messages
    assert len(texts()) == 5


def test_deleted_rows_are_in_the_trash(client, delete, texts):
    delete("--q", "milk", "--yes")
    assert sorted(one["text"] for one in client.get("/things/trash").json) == ["Milk", "milk"]


@pytest.mark.sqlite
def test_a_missing_database_is_not_created(delete, file, app):
    file.unlink()
    code, messages = delete("--q", "x", "--yes")
    assert (code, "No such database" in messages, file.exists()) == (1, True, False)


@pytest.mark.sqlite
def test_a_referenced_row_is_a_one_line_error(app, runner, monkeypatch):
    def refuse(*_args, **_selection):
        raise Conflict("Another row still refers to this one.")

    with app.app_context():
        create_things(db.session, [{"text": "x"}])
    monkeypatch.setattr(THINGS.bulk, "delete_selected", refuse)
    result = runner.invoke(args=["things", "delete", "--q", "x", "--yes"])
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        1,
        "Error: Another row still refers to this one.",
    )
