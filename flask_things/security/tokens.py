"""Tokens: made, found and revoked. What is stored of one is its SHA-256."""

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

#: How much chance is in a token, in bytes: too much to be guessed.
TOKEN_SECRET_BYTES = 32

#: The longest name of a token, in characters: it stands in a log.
TOKEN_NAME_MAX_CHARACTERS = 100

#: The longest time that a token may be good for, if it is not for ever, in days: a century.
TOKEN_DAYS_MAX = 36_500

#: What a client sends: whose it is, and the secret. The word before lets those find it who look for
#: secrets in what was published by mistake.
SENT = re.compile(r"things_([1-9][0-9]{0,18})_([A-Za-z0-9_-]+)")


class Token(db.Model):  # type: ignore[name-defined]
    """What lets a client in."""

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # of the secret
    read_only: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # Keys of requests are kept under the id.
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
    """Store a new token and return what a client has to send; nobody can tell that again.

    It is good for some days, or for ever. Raises Refused where there is one of that name.
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
            raise Refused(f"There is a token {name} already: revoke it, or choose another name.")
        [(token_id,)] = rows(session, insert(Token.__table__).returning(Token.id), new)
    return f"things_{token_id}_{secret}"


def list_tokens(session: AnySession) -> Sequence[Row[Any]]:
    """Return all that is stored of the tokens, by their names."""
    return rows(session, NAMES)


def revoke_token(session: AnySession, name: str) -> None:
    """Forget a token: from now on it is refused. Raises Refused where there is none."""
    with writing(session):
        if not rows(session, NAMED, {"name": name}):
            raise Refused(f"There is no token {name}.")
        session.execute(delete(Token.__table__).where(Token.name == name))


def find_token(session: AnySession, sent: str) -> Row[Any] | None:
    """Return the token that a client has sent, or None: it is none, or is no longer good."""
    match = SENT.fullmatch(sent)
    if not match or int(match[1]) > ID_MAX:
        return None
    found = FOUND.rows(session, {"token_id": int(match[1])})
    if not (found and compare_digest(found[0].digest, _digest(match[2]))):
        return None
    return None if is_over(found[0]) else found[0]


def is_over(token: Row[Any]) -> bool:
    """Tell whether a token has expired."""
    return token.expires_at is not None and token.expires_at <= utc_now()


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
