"""Safe retries: a request with an Idempotency-Key runs once, and retries get its response.

The key is stored in the same transaction as the request's changes. Requests with the same key wait
for each other: the first one runs, and the others repeat its response. See
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, current_app, request
from marshmallow import fields, validate
from sqlalchemy import JSON, Connection, Integer, LargeBinary, Text, delete, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column
from webargs.flaskparser import abort

from flask_things.db.session import CHORES, db, take_turns, writing
from flask_things.db.types import UTCDateTime, utc_now
from flask_things.environ import BODY_DIGEST, KEY_OWNER
from flask_things.http.checks import length
from flask_things.http.error_codes import Code, Message
from flask_things.http.request_schemas import SharedSchema

#: The longest Idempotency-Key, in characters.
KEY_MAX_CHARACTERS = 255

KEY_LIFETIME = timedelta(hours=24)

#: How many expired responses a write removes at most: more than it adds.
SWEEP_ROWS = 10

#: How long a worker's writes skip the removal after one that found fewer than SWEEP_ROWS.
SWEEP_PAUSE = timedelta(minutes=1)


class StoredResponse(db.Model):  # type: ignore[name-defined]
    """The stored response to a request with an Idempotency-Key."""

    __tablename__ = "kept_answer"

    #: The token, if there was one, and the method and path.
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)  # of the request body
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[list[list[str]]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)  # without the texts of the request
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class IdempotencySchema(SharedSchema):
    """The header that marks retries of the same request."""

    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        validate=[
            *length(1, KEY_MAX_CHARACTERS),
            validate.Regexp(
                "^[!-~]*$", error=Message("Must be visible ASCII characters.", Code.FORMAT)
            ),
        ],
        metadata={
            "description": "A text that the client makes up for each new request, such as a UUID. "
            "For 24 hours, a retry with the same key and body gets the first response again and "
            "does nothing. The same key with another body is 422.",
            "examples": ["9f4fd5a8-2c1d-4b0e-8f57-3c0e3f1b0c55"],
        },
    )


def idempotent(view: Any) -> Any:
    """Run a request with an Idempotency-Key once, and repeat its response to retries.

    A key that was used with a different body is a 422. An error leaves the key unused. Decorators
    that read the body or know its limit must run before this one.
    """

    @wraps(view)
    def answer(*args: Any, idempotency_key: str | None = None, **kwargs: Any) -> Response:
        if idempotency_key is None:
            return view(*args, **kwargs)  # type: ignore[no-any-return]
        owner = request.environ.get(KEY_OWNER, "")
        scope = f"{owner}{request.method} {request.path.rstrip('/')}"
        digest = request.environ[BODY_DIGEST]
        texts = [*_texts([*args])]
        with writing(db.session):
            take_turns(db.session, f"{scope} {idempotency_key}")
            stored = db.session.get(StoredResponse, (scope, idempotency_key), with_for_update=True)
            if stored and not _is_expired(stored):
                return _replay(stored, digest, texts)
            response: Response = view(*args, **kwargs)
            db.session.merge(  # not add(): an expired row may still exist
                StoredResponse(
                    scope=scope,
                    key=idempotency_key,
                    digest=digest,
                    status=response.status_code,
                    headers=[_without_prefix(*field) for field in response.headers],
                    body=_without_texts(response.get_data(), texts),
                    created_at=utc_now(),
                )
            )
        return response

    return answer


def _is_expired(stored: StoredResponse) -> bool:
    return stored.created_at < utc_now() - KEY_LIFETIME


def _without_texts(body: bytes, texts: list[bytes]) -> bytes:
    """Return a response in which each text of the request is replaced by its number.

    The numbers stand between NULs, which JSON cannot contain. A retry sends the texts again, so of
    a response of 16 MiB only ids and timestamps are stored.
    """
    parts: list[bytes] = []
    start = 0
    for number, text in enumerate(texts):
        found = body.find(text, start)
        if found >= 0:
            parts += body[start:found], b"%d" % number
            start = found + len(text)
    return b"\0".join([*parts, body[start:]])


def _with_texts(cut: bytes, texts: list[bytes]) -> bytes:
    """Return the whole response, with the texts that the retry sent."""
    parts = cut.split(b"\0")
    parts[1::2] = [texts[int(number)] for number in parts[1::2]]
    return b"".join(parts)


def _texts(value: Any) -> Iterator[bytes]:
    """Yield the texts of a body as they are encoded in a response."""
    if isinstance(value, str):
        yield current_app.json.dumps(value).encode()
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _replay(stored: StoredResponse, digest: bytes, texts: list[bytes]) -> Response:
    if stored.digest != digest:
        reason = Message("The key was used before with a different body.", Code.KEY_REUSED)
        abort(422, messages={"headers": {"Idempotency-Key": [reason]}})
    headers = [
        *(_with_prefix(*field) for field in stored.headers),
        ("Idempotency-Replayed", "true"),
    ]
    return Response(_with_texts(stored.body, texts), stored.status, headers)


def _without_prefix(name: str, value: str) -> tuple[str, str]:
    """Return a header field as it is stored, without the prefix: retries may have another one."""
    return name, value.removeprefix(request.script_root) if name == "Location" else value


def _with_prefix(name: str, value: str) -> tuple[str, str]:
    return name, request.script_root + value if name == "Location" else value


class Sweeper:
    """Removes expired responses, a few with each write."""

    def __init__(self) -> None:
        self._paused_at = datetime.min.replace(tzinfo=UTC)

    def __call__(self, connection: Connection) -> None:
        """Remove some, unless the last removal found few."""
        now = utc_now()
        if abs(now - self._paused_at) < SWEEP_PAUSE:
            return
        row = (StoredResponse.scope, StoredResponse.key)
        oldest = (
            select(*row).where(StoredResponse.created_at < now - KEY_LIFETIME).limit(SWEEP_ROWS)
        )
        # Waiting for a lock here could deadlock: its holder may wait for one that this statement
        # takes.
        oldest = oldest.order_by(StoredResponse.created_at).with_for_update(skip_locked=True)
        remove = delete(StoredResponse.__table__).where(tuple_(*row).in_(oldest))
        if connection.execute(remove).rowcount < SWEEP_ROWS:
            self._paused_at = now


CHORES.append(Sweeper())
