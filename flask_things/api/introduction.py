"""The introduction of the OpenAPI document, in Markdown: Swagger UI and Redoc show it first."""

import re

INTRODUCTION = """\
All resources have the same operations and follow the same rules. Bodies are JSON in UTF-8. Times
are RFC 3339 in UTC. Each response has an `X-Request-ID` that the server also writes to its log.

### Pages

A list returns one page of 100 items; `limit` changes that, up to 1000. If more items follow, the
`Link` header has the URL of the next page, with `rel="next"`: follow it until a page has no `Link`.
Changes by other clients never make a page skip or repeat an item that stays.

### Conditional requests

- To save transfer, send the last `ETag` as `If-None-Match`. If nothing has changed, the response is
  304 and has no body.
- To avoid overwriting the change of another client, send the `ETag` of what you have read as
  `If-Match` with PUT, PATCH or DELETE. If the item has changed since, the response is 412 and
  nothing is written.

### Retries

If there is no response, or a 5xx response, send the request again. That is safe for GET, PUT, PATCH
and DELETE; if the first request succeeded, the second DELETE is 404, and the second request with
`If-Match` may be 412. For POST, send an `Idempotency-Key`, such as a UUID: for 24 hours, a retry
with the same key and body creates nothing and gets the first response again, with
`Idempotency-Replayed: true`. After 429 or 503, wait for `Retry-After` seconds.

### Errors

Every error is a problem document (RFC 9457, `application/problem+json`). If the request is invalid,
`errors` lists each invalid place: a `pointer` into the body, a `parameter` of the query, or a
`header`. Each entry has a `code` that stays the same when `detail` is reworded.

### Authentication

"""

#: What needs a token, by THINGS_AUTH.
AUTHENTICATION = {
    "off": "This server requires no token.\n",
    "write": "POST, PUT, PATCH and DELETE require a token; GET does not. ",
    "all": "Everything except for the health checks requires a token. ",
}

HEADER = """\
Send it as `Authorization: Bearer …`. The administrator of the server creates tokens with
`flask tokens create NAME`. A missing or invalid token is 401. A write with a read-only token is
403.
"""

#: The end of a line within a paragraph: Swagger UI would begin a new line there.
WRAPPED = re.compile(r"(?<=\S)\n *(?=[\w`])")


def introduction(auth_mode: str) -> str:
    """Return the introduction for a value of THINGS_AUTH."""
    token = "" if auth_mode == "off" else HEADER
    return unwrapped(INTRODUCTION + AUTHENTICATION[auth_mode] + token)


def unwrapped(markdown: str) -> str:
    """Return Markdown with each paragraph on one line."""
    return WRAPPED.sub(" ", markdown)
