"""Retries that cannot double: the answer to a request with an Idempotency-Key is kept and repeated.

The key is stored in the transaction of what the request does. Requests with one key take turns: the
first does it, and the others find its answer. See
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/.
"""

from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Response, request
from sqlalchemy import delete, select, tuple_
from webargs.flaskparser import abort

from flask_things.db import db, take_turns, writing
from flask_things.models import KeptAnswer, utc_now

KEPT_FOR = timedelta(hours=24)

#: Where in the environment it stands whose keys these are, if they are not everybody's.
WHOSE = "flask_things.whose"

#: How many keys that were kept for too long a request removes: more than it brings.
SWEPT = 10


def idempotent(view: Any) -> Any:
    """Do a request with an Idempotency-Key once, and answer its retries as it was answered.

    The client sees 422 for a key that came with another body before. An error leaves its key free.
    What reads the body and knows its limit must come before this.
    """

    @wraps(view)
    def answer(*args: Any, idempotency_key: str | None = None, **kwargs: Any) -> Response:
        if idempotency_key is None:
            return view(*args, **kwargs)  # type: ignore[no-any-return]
        whose = request.environ.get(WHOSE, "")
        scope = f"{whose}{request.method} {request.path.rstrip('/')}"
        digest = sha256(request.get_data()).digest()
        with writing(db.session):
            take_turns(db.session, f"{scope} {idempotency_key}")
            _sweep()
            kept = db.session.get(KeptAnswer, (scope, idempotency_key), with_for_update=True)
            if kept and not _is_over(kept):
                return _replay(kept, digest)
            response: Response = view(*args, **kwargs)
            db.session.merge(  # not add(): one that is over may still be there
                KeptAnswer(
                    scope=scope,
                    key=idempotency_key,
                    digest=digest,
                    status=response.status_code,
                    headers=[_without_prefix(*field) for field in response.headers],
                    body=response.get_data(),
                    created_at=utc_now(),
                )
            )
        return response

    return answer


def _is_over(kept: KeptAnswer) -> bool:
    return kept.created_at < utc_now() - KEPT_FOR


def _sweep() -> None:
    """Remove some of what has been kept for too long."""
    row = (KeptAnswer.scope, KeptAnswer.key)
    over = select(*row).where(KeptAnswer.created_at < utc_now() - KEPT_FOR)
    oldest = over.order_by(KeptAnswer.created_at).limit(SWEPT).with_for_update(skip_locked=True)
    db.session.execute(
        delete(KeptAnswer).where(tuple_(*row).in_(oldest)),
        execution_options={"synchronize_session": False},
    )


def _replay(kept: KeptAnswer, digest: bytes) -> Response:
    if kept.digest != digest:
        reason = "Was sent with another body before."
        abort(422, messages={"headers": {"Idempotency-Key": [reason]}})
    headers = [_with_prefix(name, value) for name, value in kept.headers]
    return Response(kept.body, kept.status, [*headers, ("Idempotency-Replayed", "true")])


def _without_prefix(name: str, value: str) -> tuple[str, str]:
    """Return a header field as it is kept: the retry may come through another proxy's path."""
    return name, value.removeprefix(request.script_root) if name == "Location" else value


def _with_prefix(name: str, value: str) -> tuple[str, str]:
    return name, request.script_root + value if name == "Location" else value
