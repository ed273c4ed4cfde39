"""The commands of `flask`."""

from collections.abc import Sequence

from flask import Flask

from flask_things.cli import database, deletion, follow, tokens, transfer
from flask_things.cli.base import Commands
from flask_things.resource.routes import Resource


def init_app(app: Flask, resources: Sequence[Resource]) -> None:
    """Register the commands for the database, for tokens and for each resource.

    Raises TypeError if a resource has the name of another command.
    """
    groups = {"things": database.commands()}
    for resource in resources:
        if resource.name in (tokens.tokens.name, *app.cli.commands):
            raise TypeError(f"{resource.name} is reserved: flask has a command of this name.")
        help_ = f"Export, import, delete and follow {resource.words['many']}."
        group = groups.setdefault(resource.name, Commands(resource.name, help=help_))
        transfer.add_commands(group, resource)
        deletion.add_command(group, resource)
        follow.add_command(group, resource)
    for group in (tokens.tokens, *groups.values()):
        app.cli.add_command(group)
