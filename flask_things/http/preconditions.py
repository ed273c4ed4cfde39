"""Conditional requests (RFC 9110, section 13): 304 for a known version, 412 for a stale one.

An ETag is a hash of the response, so it never identifies two different contents.
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

#: An example for the documentation.
EXAMPLES = ['"0123456789abcdef0123456789abcdef"']

#: One entity tag of a list (RFC 9110, section 8.8.3), without the prefix of a weak one.
TAG = re.compile(r'(?:^|,)[ \t]*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')

#: The suffix that a compressing proxy appends to a tag: Apache, Caddy and lighttpd write "x-gzip",
#: Jetty "x--gzip", old middleware "x;gzip". (nginx, haproxy and Varnish make it weak: W/"x".)
CODING = re.compile(r'(?:--?|;)(?:gzip|br|zstd|deflate)"$')


class Preconditions(NamedTuple):
    """The conditional header fields of a request, or None where one is absent."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, etag: str) -> None:
        """Raise PreconditionFailed (412) if a write must not change the version with this ETag."""
        self.check_match(etag)
        if self.is_known(etag):
            raise PreconditionFailed("If-None-Match failed: it names the current version.")

    def check_match(self, etag: str) -> None:
        """Raise PreconditionFailed (412) if `If-Match` names only other ETags."""
        if self.if_match is not None and not _names(self.if_match, etag):
            raise PreconditionFailed("If-Match failed: the current version is different.")

    def is_known(self, etag: str) -> bool:
        """Return whether `If-None-Match` names the ETag."""
        return self.if_none_match is not None and _names(self.if_none_match, etag)

    def check_for(self, represent: Callable[..., Response]) -> Callable[..., None] | None:
        """Return the check for rows that `represent` turns into responses; None without conditions.

        For a row that does not exist (None), any `If-Match` raises PreconditionFailed (412).
        """
        if self == NONE:
            return None

        def check(*args: Any) -> None:
            if args != (None,):
                self.check(etag_of(represent(*args)))
            elif self.if_match is not None:
                raise PreconditionFailed("If-Match failed: nothing exists here.")

        return check


#: Those of a request without conditional header fields.
NONE = Preconditions()


class PreconditionsSchema(SharedSchema):
    """The conditional header fields (RFC 9110, section 13.1)."""

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
        """Return the preconditions as one object."""
        return Preconditions(**data)


def etag_of(response: Response) -> str:
    """Return the strong ETag of a response."""
    return _etag(response.get_data(), response.headers)


def etag_headers(content: bytes, headers: Mapping[str, str] | Headers) -> dict[str, str]:
    """Return the ETag of some content, and the header field that makes caches revalidate it."""
    return {"ETag": _etag(content, headers), "Cache-Control": "no-cache"}


def tag(response: Response) -> Response:
    """Add an ETag to a response that is not streamed, and make caches revalidate it."""
    if not response.is_streamed:
        response.headers.update(etag_headers(response.get_data(), response.headers))
    return response


def _etag(content: bytes, headers: Mapping[str, str] | Headers) -> str:
    covered = f"{headers.get('Link', '')}\n{headers.get('X-Total-Count', '')}\n".encode()
    return f'"{blake2b(covered + content, digest_size=ETAG_BYTES).hexdigest()}"'


def conditional(view: Any) -> Any:
    """Apply the preconditions of a GET: 304 if the client has this version, or 412."""

    @wraps(view)
    def answer(preconditions: Preconditions, **kwargs: Any) -> Response:
        response: Response = view(**kwargs)
        etag = None if preconditions == NONE else response.headers.get("ETag")
        if etag is None:
            return response
        try:
            preconditions.check_match(etag)
        except PreconditionFailed:
            response.close()  # it may have a file open
            raise
        if preconditions.is_known(etag):
            response.status_code = 304  # Werkzeug removes the body
        return response

    return answer


def with_preconditions(view: Any) -> Any:
    """Pass the request's preconditions to a view as its first argument."""

    @wraps(view)
    def answer(**kwargs: Any) -> Any:
        names = ("If-Match", "If-None-Match")
        return view(Preconditions(*(request.headers.get(name) for name in names)), **kwargs)

    return answer


def revalidated(view: Any) -> Any:
    """Add an ETag to a view's responses, and apply the request's preconditions."""

    @wraps(view)
    def answer(**kwargs: Any) -> Response:
        return tag(view(**kwargs))

    return with_preconditions(conditional(answer))


def _names(field: str, etag: str) -> bool:
    """Return whether a header field names an ETag, also one that a compressing proxy rewrote.

    Our tags are hashes, so a weak one identifies the same bytes. `If-Match` accepts it, unlike RFC
    9110.
    """
    return field.strip() == "*" or any(CODING.sub('"', tag) == etag for tag in TAG.findall(field))
