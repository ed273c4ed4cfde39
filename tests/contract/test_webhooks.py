"""Webhooks of each resource, as `flask … follow` sends them."""

from contextlib import closing

from flask_things.cli.follow import events
from flask_things.db import places
from flask_things.db.session import db


def test_an_event_is_named_by_its_table_and_change_and_has_the_row(app, rows):
    rows.target_all()
    with app.app_context(), closing(events(rows.resource, places.now(db.session))) as sent:
        next(sent)
        made = rows.create()
        event = next(sent)[1]
        assert event["type"] == f"{rows.resource.table.name}.created"
        assert event["data"][rows.resource.table.name] == made
        rows.client.delete(rows.url(made))
        next(sent)
        event = next(sent)[1]
        assert event["type"] == f"{rows.resource.table.name}.deleted"
        assert event["data"]["id"] == made["id"]


def test_every_resource_has_the_command(app, rows):
    result = app.test_cli_runner().invoke(args=[rows.resource.name, "follow", "--help"])
    assert result.exit_code == 0
    assert "--post URL" in result.output
