"""Deletion of many rows by an administrator, or by cron."""

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

#: How many rows a transaction deletes: between two of them others write.
BATCH_ROWS = 500

HELP = """Move {many} to the trash: those that all given options select.

It prints how many first, and asks. Restore one with POST /{name}/ID/restore.
"""


def read_time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Return the time that an option has; a date means its beginning in UTC."""
    if value is None:
        return None
    try:
        moment: datetime = Moment().deserialize(value if "T" in value else f"{value}T00:00:00Z")
    except ValidationError as error:
        raise click.BadParameter(
            "Not a time like 2026-12-31T23:59:59Z, nor a date like 2026-12-31."
        ) from error
    return moment


def add_command(group: Commands, resource: Resource) -> None:
    """Add `delete` of a resource to a group."""
    words = resource.words
    search = click.option("--q", metavar="TEXT", help="Containing TEXT, ignoring case.")

    @group.command("delete", help=HELP.format_map(words))
    @click.option(
        "--created-before",
        "created_at_lt",
        metavar="TIME",
        callback=read_time,
        help="Created before TIME.",
    )
    @click.option(
        "--updated-before",
        "updated_at_lt",
        metavar="TIME",
        callback=read_time,
        help="Unchanged since TIME.",
    )
    @(search if "q" in resource.selection.fields else lambda command: command)
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def delete(yes: bool, **options: Any) -> None:
        selection = {name: value for name, value in options.items() if value is not None}
        if not selection or "" in selection.values():
            raise click.UsageError("Select what to delete: an option, and none that is empty.")
        selection.setdefault("created_at_lt", utc_now())  # no row that nobody has counted
        refuse_unprepared()
        count = resource.collection.count(db.session, **selection)
        click.echo(f"{count} {words['many']} are selected.", err=True)
        if count and not yes:
            click.confirm(f"Delete {count} {words['many']}?", abort=True, err=True)
        deleted = 0
        while batch := resource.bulk.delete_selected(db.session, BATCH_ROWS, **selection):
            deleted += batch
        click.echo(f"{deleted} {words['many']} deleted.", err=True)
