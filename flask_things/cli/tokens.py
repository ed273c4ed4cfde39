"""`flask tokens`: manages API tokens."""

from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from flask import current_app
from marshmallow import RAISE, Schema, ValidationError, fields
from sqlalchemy import Row

from flask_things.cli.base import Commands
from flask_things.cli.transfer import FILE, import_file, output, refuse_unprepared
from flask_things.db.session import db
from flask_things.db.types import compact
from flask_things.migrations import prepare
from flask_things.resource.schemas.fields import Boolean, Moment, RecordId
from flask_things.resource.transfer.records import read_ndjson
from flask_things.security.tokens import (
    TOKEN_DAYS_MAX,
    TOKEN_NAME_MAX_CHARACTERS,
    Token,
    create_token,
    is_expired,
    list_tokens,
    revoke_token,
)

tokens = Commands("tokens", help="Create, list, revoke, export and import tokens of API clients.")


def _check_name(name: str) -> None:
    if not (name.isprintable() and name.strip() and len(name) <= TOKEN_NAME_MAX_CHARACTERS):
        raise ValidationError(f"Must have 1 to {TOKEN_NAME_MAX_CHARACTERS} printable characters.")


def _printable(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    try:
        _check_name(name)
    except ValidationError as error:
        raise click.BadParameter(error.messages[0]) from error
    return name


class Digest(fields.Field[bytes]):
    """The SHA-256 of a token's secret, in hexadecimal."""

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str:
        return bytes(value).hex()

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> bytes:
        try:
            digest = bytes.fromhex(value)
        except (TypeError, ValueError) as error:
            raise ValidationError("Must be hexadecimal.") from error
        if len(digest) != sha256().digest_size:
            raise ValidationError("Must be a SHA-256.")
        return digest


class TokenRecordSchema(Schema):
    """An exported token. Only the client has the secret."""

    class Meta:
        unknown = RAISE

    id = RecordId(required=True)
    name = fields.String(required=True, validate=_check_name)
    digest = Digest(required=True)
    read_only = Boolean(required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True, allow_none=True)


@tokens.command()
@click.option("--read-only", is_flag=True, help="Allow only reads.")
@click.option(
    "--expires", "days", type=click.IntRange(1, TOKEN_DAYS_MAX), help="Days until it expires."
)
@click.argument("name", callback=_printable)
def create(name: str, read_only: bool, days: int | None) -> None:
    """Create a token and print it. It cannot be shown again. Log lines contain its NAME."""
    prepare(current_app)  # creates a missing database
    click.echo(create_token(db.session, name, read_only=read_only, days=days))


@tokens.command("list")
def list_() -> None:
    """List all tokens with their access rights and expiry."""
    prepare(current_app)
    for token in list_tokens(db.session):
        access = "reads" if token.read_only else "reads and writes"
        click.echo(f"{token.name}\t{access}\tsince {token.created_at:%Y-%m-%d}\t{_end(token)}")


@tokens.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke the token NAME. All workers reject it from now on."""
    prepare(current_app)
    revoke_token(db.session, name)
    click.echo(f"Token {name} revoked.", err=True)


@tokens.command("export")
@click.argument("file", type=FILE)
def export(file: Path) -> None:
    """Write all tokens to FILE as NDJSON, or to standard output for -.

    The output has only digests, from which the tokens cannot be recovered.
    """
    refuse_unprepared()
    dump = TokenRecordSchema().dump
    with output(file) as stream:
        stream.writelines(f"{compact(dump(row))}\n".encode() for row in list_tokens(db.session))


@tokens.command("import")
@click.argument("file", type=FILE)
def import_(file: Path) -> None:
    """Import all tokens from FILE, or from standard input for -. Clients keep their tokens.

    Existing tokens are skipped. The import stops at a line that is invalid, or whose id or name
    another token has; the lines before it are stored.
    """
    import_file(file, partial(read_ndjson, TokenRecordSchema()), Token)


def _end(token: Row[Any]) -> str:
    if not token.expires_at:
        return "does not expire"
    return f"{'expired' if is_expired(token) else 'expires'} {token.expires_at:%Y-%m-%d %H:%M} UTC"
