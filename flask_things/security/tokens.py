"""Creates, finds and revokes tokens. Only the SHA-256 of a token is stored."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    Row,
    Text,
    bindparam,
    delete,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.db import journal
from flask_things.db.backend import AnySession, Refused
from flask_things.db.ids import ID_MAX
from flask_things.db.prepared import Prepared
from flask_things.db.queries import rows
from flask_things.db.session import db, writing
from flask_things.db.types import UTCDateTime, utc_now

#: The random bytes of a token: too many to guess.
TOKEN_SECRET_BYTES = 32

#: The longest name of a token, in characters. Log lines contain it.
TOKEN_NAME_MAX_CHARACTERS = 100

#: The longest lifetime of a token that expires, in days: a century.
TOKEN_DAYS_MAX = 36_500

#: A token as the client sends it: the id and the secret. The prefix lets secret scanners find
#: tokens that were published by mistake.
SENT = re.compile(r"things_([1-9][0-9]{0,18})_([A-Za-z0-9_-]+)")


class Token(db.Model):  # type: ignore[name-defined]
    """A bearer token."""

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # of the secret
    read_only: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # Idempotency keys are stored under the id, so it must not be reused.
    __table_args__ = ({"sqlite_autoincrement": True},)


journal.watch(Token.__table__)

FOUND = Prepared(
    select(*Token.__table__.c).where(Token.id == bindparam("token_id")), [*Token.__table__.c]
)
NAMES = select(*Token.__table__.c).order_by(Token.name)
NAMED = select(Token.id).where(Token.name == bindparam("name"))


def create_token(
    session: AnySession, name: str, *, read_only: bool = False, days: int | None = None
) -> str:
    """Store a new token and return it. It cannot be shown again.

    It expires after `days`, or never. Raises Refused if the name is taken.
    """
    secret = token_urlsafe(TOKEN_SECRET_BYTES)
    now = utc_now()
    new = {
        "name": name,
        "digest": _digest(secret),
        "read_only": read_only,
        "created_at": now,
        "expires_at": days and now + timedelta(days=days),
    }
    with writing(session):
        if rows(session, NAMED, {"name": name}):
            raise Refused(f"A token named {name} already exists. Revoke it or choose another name.")
        [(token_id,)] = rows(session, insert(Token.__table__).returning(Token.id), new)
    return f"things_{token_id}_{secret}"


def list_tokens(session: AnySession) -> Sequence[Row[Any]]:
    """Return the stored data of all tokens, by name."""
    return rows(session, NAMES)


def revoke_token(session: AnySession, name: str) -> None:
    """Delete a token, which is rejected from now on. Raises Refused if it does not exist."""
    with writing(session):
        if not rows(session, NAMED, {"name": name}):
            raise Refused(f"No token is named {name}.")
        session.execute(delete(Token.__table__).where(Token.name == name))


def find_token(session: AnySession, sent: str) -> Row[Any] | None:
    """Return the token that a client sent, or None if it is unknown or expired."""
    match = SENT.fullmatch(sent)
    if not match or int(match[1]) > ID_MAX:
        return None
    found = FOUND.rows(session, {"token_id": int(match[1])})
    if not (found and compare_digest(found[0].digest, _digest(match[2]))):
        return None
    return None if is_expired(found[0]) else found[0]


def is_expired(token: Row[Any]) -> bool:
    """Return whether a token has expired."""
    return token.expires_at is not None and token.expires_at <= utc_now()


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
