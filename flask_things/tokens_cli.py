"""`flask tokens …`: who may use the API."""

from typing import Any

import click
from flask import current_app
from sqlalchemy import Row

from flask_things.commands import Commands
from flask_things.db import db
from flask_things.limits import TOKEN_DAYS_MAX, TOKEN_NAME_MAX_CHARACTERS
from flask_things.migrations import prepare
from flask_things.tokens import create_token, is_over, list_tokens, revoke_token

tokens = Commands("tokens", help="Make, list and revoke what lets clients in.")


def _printable(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if not (name.isprintable() and name.strip() and len(name) <= TOKEN_NAME_MAX_CHARACTERS):
        raise click.BadParameter(
            f"It has 1 to {TOKEN_NAME_MAX_CHARACTERS} characters that can be printed."
        )
    return name


@tokens.command()
@click.option("--read-only", is_flag=True, help="It cannot write.")
@click.option("--expires", "days", type=click.IntRange(1, TOKEN_DAYS_MAX), help="In so many days.")
@click.argument("name", callback=_printable)
def create(name: str, read_only: bool, days: int | None) -> None:
    """Make a token and show it, this once. NAME is what the log has of it."""
    prepare(current_app)  # makes the database where there is none
    click.echo(create_token(db.session, name, read_only=read_only, days=days))


@tokens.command("list")
def list_() -> None:
    """Show the tokens' names, what they may do, and until when."""
    prepare(current_app)
    for token in list_tokens(db.session):
        access = "reads" if token.read_only else "reads and writes"
        click.echo(f"{token.name}\t{access}\tsince {token.created_at:%Y-%m-%d}\t{_end(token)}")


@tokens.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Refuse the token NAME from now on, on all workers."""
    prepare(current_app)
    revoke_token(db.session, name)
    click.echo(f"{name} is revoked.", err=True)


def _end(token: Row[Any]) -> str:
    if not token.expires_at:
        return "does not expire"
    return f"{'expired' if is_over(token) else 'expires'} {token.expires_at:%Y-%m-%d %H:%M} UTC"
