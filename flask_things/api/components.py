"""Parts that several places of the OpenAPI document share: header fields and links."""

from collections.abc import Callable
from typing import Any

from flask_things.http import headers

#: A position in a list, as clients see it in `Link`.
POSITION = "bDqYyvCTSyIxMDA"

# Without a `maximum`: JavaScript rounds 2**63 - 1.
ID_FORMAT = {"format": "int64", "minimum": 1, "examples": [1]}
ID = {"type": "integer", **ID_FORMAT}

COMMON_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in headers.DOCUMENTED}


def _etag(suffix: str, max_length: int) -> dict[str, Any]:
    return {
        "description": "Identifies this version, for `If-None-Match` and `If-Match`.",
        "schema": {
            "type": "string",
            "pattern": f'^"[0-9a-f]{{32}}{suffix}"$',
            "maxLength": max_length,
            "examples": ['"0123456789abcdef0123456789abcdef"'],
        },
    }


TAGGED_HEADERS: dict[str, Any] = {
    "ETag": _etag("", 34),
    "Cache-Control": {
        "description": "Caches must revalidate before each use. `private` if a token was checked: "
        "shared caches must not store the response.",
        "schema": {"type": "string", "enum": ["no-cache", "private, no-cache"]},
    },
}

#: Compressible responses vary, and each variant has its own ETag.
VARY = {
    "Vary": {
        "description": "Lists `Origin`, too, if the server allows other origins (CORS).",
        "schema": {"type": "string", "enum": ["Accept-Encoding", "Accept-Encoding, Origin"]},
    }
}
VARYING_TAGGED = {**TAGGED_HEADERS, **VARY, "ETag": _etag("(-gzip)?", 39)}
CODING = {
    "Content-Encoding": {
        "description": "`gzip` if the client accepts it and the body has at least 1000 bytes. "
        "Otherwise there is no such header, which means `identity`.",
        # A mock server sends the example, and does not compress.
        "schema": {"type": "string", "enum": ["gzip", "identity"], "examples": ["identity"]},
    }
}

#: The body of an export: a file for generators that know `contentMediaType`, text for others.
EXPORT = {"type": "string", "contentMediaType": "application/octet-stream"}

#: The body of an export for generators that do not know NDJSON, such as openapi-python-client.
FILE = {"type": "string", "format": "binary"}

#: The body of a stream of server-sent events.
EVENTS = {
    "type": "string",
    "contentMediaType": "text/event-stream",
    "description": "Server-sent events. `id` is a position for `since`, `event` is the change, and "
    "`data` is one object of a JSON page.",
}

REPLAYED = {
    "Idempotency-Replayed": {
        "description": "Present if this is the first response again, to a retry.",
        "schema": {"type": "string", "const": "true"},
    }
}

NO_STORE_HEADERS = {
    "Cache-Control": {
        "description": "Caches must not store the response.",
        "schema": {"type": "string", "const": "no-store"},
    }
}


def link(words: dict[str, str], place: str = "") -> dict[str, Any]:
    """Return the Link header of a list's next page, which starts at a position."""
    return {
        "Link": {
            "description": 'Present if more follow: the URL of the next page, with `rel="next"`.',
            "schema": {
                "type": "string",
                "pattern": '^<[^>]+>; rel="next"$',
                "maxLength": 8192,
                "examples": [f'</{words["name"]}{place}?cursor={POSITION}>; rel="next"'],
            },
        }
    }


def page_headers(words: dict[str, str]) -> dict[str, Any]:
    """Return the header fields of a page of rows."""
    return {
        **link(words),
        "X-Total-Count": {
            "description": "Present with `total=true`: the number of items on all pages.",
            "schema": {"type": "integer", "format": "int64", "minimum": 0, "examples": [120]},
        },
    }


def attachment(kind: str) -> Callable[[dict[str, str]], dict[str, Any]]:
    """Return a function that returns the header field for a download's file name."""

    def field(words: dict[str, str]) -> dict[str, Any]:
        value = f'attachment; filename="{words["name"]}.{kind}"'
        return {
            "Content-Disposition": {
                "description": "The file name under which a browser saves the response.",
                "schema": {"type": "string", "const": value},
            }
        }

    return field


def changes_headers(words: dict[str, str]) -> dict[str, Any]:
    """Return the header fields of a page of changes, which is JSON or an event stream."""
    field, cached = link(words)["Link"], TAGGED_HEADERS["Cache-Control"]
    field["description"] = (
        'Present on every JSON page: the URL of the next page, with `rel="next"`.'
    )
    field["schema"]["examples"] = [f'</{words["name"]}/changes?since={POSITION}>; rel="next"']
    values = [*cached["schema"]["enum"], "no-store"]
    return {
        "Link": field,
        "Cache-Control": {
            "description": f"{cached['description']} `no-store` for an event stream.",
            "schema": {"type": "string", "enum": values},
        },
        "Vary": {
            "description": "`Accept` chooses between JSON and events.",
            "schema": {
                "type": "string",
                "pattern": "^[A-Za-z, -]+$",
                "maxLength": 100,
                "examples": ["Accept, Accept-Encoding"],
            },
        },
    }


def location(words: dict[str, str]) -> dict[str, Any]:
    """Return the header field with the URL of a new row."""
    return {
        "Location": {
            "description": f"The URL of the {words['one']}.",
            "schema": {
                "type": "string",
                "format": "uri-reference",
                "maxLength": 2048,
                "examples": [f"/{words['name']}/1"],
            },
        }
    }


def links(words: dict[str, str]) -> dict[str, Any]:
    """Return the links from a new row to the operations on it."""
    parameters = {words["parameter"]: "$response.body#/id"}
    operations = (f"{verb}{words['One']}" for verb in ("get", "replace", "update", "delete"))
    return {name: {"operationId": name, "parameters": parameters} for name in operations}
