"""Conditional requests (RFC 9110, section 13): 304 for what a client has, 412 for what it has not.

An ETag is a hash of what is answered, so it can never stand for two contents.
"""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from hashlib import blake2b
from typing import Any, NamedTuple

from flask import Response, request
from marshmallow import fields, post_load
from werkzeug.datastructures import Headers
from werkzeug.exceptions import PreconditionFailed

from flask_things.http.request_schemas import SharedSchema

ETAG_BYTES = 16

#: The header fields that belong to what an ETag stands for, besides the body.
COVERED = ("Link", "X-Total-Count")

#: The field of a request, for the documentation.
EXAMPLES = ['"0123456789abcdef0123456789abcdef"']

#: An entity tag in a list (RFC 9110, section 8.8.3), without the mark of a weak one.
TAG = re.compile(r'(?:^|,)[ \t]*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')

#: What a proxy that compresses appends to a tag: Apache, Caddy and lighttpd "x-gzip", Jetty
#: "x--gzip", old middleware "x;gzip". (nginx, haproxy and Varnish make it weak: W/"x".)
CODING = re.compile(r'(?:--?|;)(?:gzip|br|zstd|deflate)"$')


class Preconditions(NamedTuple):
    """What a request demands of its target as it is: two header fields, or None."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, etag: str) -> None:
        """Raise PreconditionFailed (412) if a write may not touch what has this ETag."""
        self.check_match(etag)
        if self.is_known(etag):
            raise PreconditionFailed("If-None-Match failed: it matches the current version.")

    def check_match(self, etag: str) -> None:
        """Raise PreconditionFailed (412) if `If-Match` names only other ETags."""
        if self.if_match is not None and not _names(self.if_match, etag):
            raise PreconditionFailed("If-Match failed: the current version is another.")

    def is_known(self, etag: str) -> bool:
        """Tell whether `If-None-Match` names the ETag."""
        return self.if_none_match is not None and _names(self.if_none_match, etag)

    def of(self, represent: Callable[..., Response]) -> Callable[..., None] | None:
        """Return the check of what `represent` answers with; None where nothing is demanded.

        The check of None raises PreconditionFailed (412) for any `If-Match`: there is no version.
        """
        if self == Preconditions():
            return None

        def check(*args: Any) -> None:
            if args != (None,):
                self.check(etag_of(represent(*args)))
            elif self.if_match is not None:
                raise PreconditionFailed("If-Match failed: there is no current version.")

        return check


class PreconditionsSchema(SharedSchema):
    """What a client expects of the row or the list (RFC 9110, section 13.1)."""

    if_match = fields.String(
        data_key="If-Match",
        metadata={
            "description": "ETags, separated by commas. The response is 412 unless one of them is "
            "current. `*` matches any version.",
            "examples": EXAMPLES,
        },
    )
    if_none_match = fields.String(
        data_key="If-None-Match",
        metadata={
            "description": "ETags, separated by commas. If one of them is current, the response is "
            "304 to a GET and 412 to a write. `*` matches any version.",
            "examples": EXAMPLES,
        },
    )

    @post_load
    def preconditions(self, data: dict[str, str], **_kwargs: Any) -> Preconditions:
        """Return them as one."""
        return Preconditions(**data)


def etag_of(response: Response) -> str:
    """Return the strong ETag of what a response says."""
    return _etag(response.get_data(), response.headers)


def tagging(content: bytes, headers: Mapping[str, str] | Headers) -> dict[str, str]:
    """Return the header fields that give content an ETag, and make caches revalidate it."""
    return {"ETag": _etag(content, headers), "Cache-Control": "no-cache"}


def tag(response: Response) -> Response:
    """Give a response an ETag, and make caches revalidate it; one that is streamed has none."""
    if not response.is_streamed:
        response.headers.update(tagging(response.get_data(), response.headers))
    return response


def _etag(content: bytes, headers: Mapping[str, str] | Headers) -> str:
    covered = "\n".join([*(headers.get(name, "") for name in COVERED), ""]).encode()
    return f'"{blake2b(covered + content, digest_size=ETAG_BYTES).hexdigest()}"'


def conditional(view: Any) -> Any:
    """Answer a GET by its preconditions: 304 if the client has it, 412 if it wants another."""

    @wraps(view)
    def answer(preconditions: Preconditions, **kwargs: Any) -> Response:
        response: Response = view(**kwargs)
        etag = response.headers.get("ETag")
        if etag is None:
            return response
        try:
            preconditions.check_match(etag)
        except PreconditionFailed:
            response.close()  # it may hold a file
            raise
        if preconditions.is_known(etag):
            response.status_code = 304  # Werkzeug then sends no body
        return response

    return answer


def with_preconditions(view: Any) -> Any:
    """Call a view with the request's preconditions before its other arguments."""

    @wraps(view)
    def answer(**kwargs: Any) -> Any:
        names = ("If-Match", "If-None-Match")
        return view(Preconditions(*(request.headers.get(name) for name in names)), **kwargs)

    return answer


def revalidated(view: Any) -> Any:
    """Give what a view answers an ETag, and obey the request's preconditions."""

    @wraps(view)
    def answer(**kwargs: Any) -> Response:
        return tag(view(**kwargs))

    return with_preconditions(conditional(answer))


def _names(field: str, etag: str) -> bool:
    """Tell whether a field names a tag of ours, also as a compressing proxy rewrote it.

    A tag of ours is a hash, so a weak one stands for the same bytes: unlike RFC 9110, `If-Match`
    accepts it.
    """
    return field.strip() == "*" or any(CODING.sub('"', tag) == etag for tag in TAG.findall(field))
