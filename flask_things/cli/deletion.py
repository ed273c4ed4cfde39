"""`flask things delete`: deletes selected rows, for administrators and cron."""

from datetime import datetime
from typing import Any

import click
from marshmallow import ValidationError

from flask_things.cli.base import Commands
from flask_things.cli.transfer import refuse_unprepared
from flask_things.db.session import db
from flask_things.db.types import utc_now
from flask_things.resource.routes import Resource
from flask_things.resource.schemas.fields import Moment

#: How many rows a transaction deletes. Others can write between two transactions.
BATCH_ROWS = 500

HELP = """Move the {many} that match all options to the trash.

Prints their number and asks for confirmation. Restore one with POST /{name}/ID/restore.
"""


def read_time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Return the time in an option. A date means midnight UTC."""
    if value is None:
        return None
    try:
        moment: datetime = Moment().deserialize(value if "T" in value else f"{value}T00:00:00Z")
    except ValidationError as error:
        raise click.BadParameter(
            "Must be a time such as 2026-12-31T23:59:59Z or a date such as 2026-12-31."
        ) from error
    return moment


def add_command(group: Commands, resource: Resource) -> None:
    """Add the `delete` command of a resource to a group."""
    words = resource.words
    search = click.option("--q", metavar="TEXT", help="Only rows that contain TEXT, ignoring case.")

    @group.command("delete", help=HELP.format_map(words))
    @click.option(
        "--created-before",
        "created_at_lt",
        metavar="TIME",
        callback=read_time,
        help="Only rows created before TIME.",
    )
    @click.option(
        "--updated-before",
        "updated_at_lt",
        metavar="TIME",
        callback=read_time,
        help="Only rows not changed since TIME.",
    )
    @(search if "q" in resource.selection.fields else lambda command: command)
    @click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
    def delete(yes: bool, **options: Any) -> None:
        selection = {name: value for name, value in options.items() if value is not None}
        if not selection or "" in selection.values():
            raise click.UsageError("Select rows with at least one option that is not empty.")
        # exclude rows that are created after the count
        selection.setdefault("created_at_lt", utc_now())
        refuse_unprepared()
        count = resource.collection.count(db.session, **selection)
        click.echo(f"{count} {words['many']} selected.", err=True)
        if count and not yes:
            click.confirm(f"Delete {count} {words['many']}?", abort=True, err=True)
        deleted = 0
        while batch := resource.bulk.delete_selected(db.session, BATCH_ROWS, **selection):
            deleted += batch
        click.echo(f"{deleted} {words['many']} deleted.", err=True)
