"""What several places of the OpenAPI document say alike: header fields and links."""

from collections.abc import Callable
from typing import Any

from flask_things.http import headers

# Without a `maximum`: JavaScript rounds 2**63 - 1.
ID_FORMAT = {"format": "int64", "minimum": 1, "examples": [1]}
ID = {"type": "integer", **ID_FORMAT}

COMMON_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in headers.DOCUMENTED}


def _etag(suffix: str, max_length: int) -> dict[str, Any]:
    return {
        "description": "Names this very content (RFC 9110).",
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
        "description": "A cache must revalidate before each use. `private` where a token was "
        "checked: no shared cache may store it.",
        "schema": {"type": "string", "enum": ["no-cache", "private, no-cache"]},
    },
}

#: What may be compressed varies, and has an ETag for each of its variants.
VARY = {
    "Vary": {
        "description": "Also names `Origin` where pages of some origins may call.",
        "schema": {"type": "string", "enum": ["Accept-Encoding", "Accept-Encoding, Origin"]},
    }
}
VARYING_TAGGED = {**TAGGED_HEADERS, **VARY, "ETag": _etag("(-gzip)?", 39)}
CODING = {
    "Content-Encoding": {
        "description": "Where the client accepts gzip and the body has 1 000 bytes or more.",
        "schema": {"type": "string", "const": "gzip"},
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
    "description": "Server-sent events: `id` is a place for `since`, `event` the change and `data` "
    "the object of a JSON page.",
}

REPLAYED = {
    "Idempotency-Replayed": {
        "description": "There if this is the answer that the same request was given before.",
        "schema": {"type": "string", "const": "true"},
    }
}

CHALLENGE = {
    "WWW-Authenticate": {
        "description": "What is wanted, and what is wrong with what was sent (RFC 6750).",
        "schema": {"type": "string"},
    }
}

RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds until another try makes sense.",
        "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**31 - 1},
    }
}

#: The header fields that some problems have besides.
PROBLEM_HEADERS = {
    401: CHALLENGE,
    403: CHALLENGE,
    415: {
        "Accept-Encoding": {
            "description": "Where the body was compressed: how it may come (RFC 9110).",
            "schema": {"type": "string"},
        },
        "Accept-Patch": {
            "description": "On PATCH: the types that it takes (RFC 5789).",
            "schema": {"type": "string"},
        },
    },
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}

NO_STORE_HEADERS = {
    "Cache-Control": {
        "description": "No cache may store it.",
        "schema": {"type": "string", "const": "no-store"},
    }
}


def link(words: dict[str, str]) -> dict[str, Any]:
    """Return the header field of a page that leads to the next one."""
    return {
        "Link": {
            "description": 'Where there is a next page: its URL, with `rel="next"` (RFC 8288).',
            "schema": {
                "type": "string",
                "pattern": '^<[^>]+>; rel="next"$',
                "maxLength": 8192,
                "examples": [f'</{words["name"]}?cursor=WEgYt2>; rel="next"'],
            },
        }
    }


def page_headers(words: dict[str, str]) -> dict[str, Any]:
    """Return the header fields of a page of rows."""
    return {
        **link(words),
        "X-Total-Count": {
            "description": "With `total=true`: how many there are on all pages.",
            "schema": {"type": "integer", "format": "int64", "minimum": 0},
        },
    }


def attachment(kind: str) -> Callable[[dict[str, str]], dict[str, Any]]:
    """Return a function of a resource's words: the header field that names a file of it."""

    def field(words: dict[str, str]) -> dict[str, Any]:
        value = f'attachment; filename="{words["name"]}.{kind}"'
        return {
            "Content-Disposition": {
                "description": "The name under which a browser saves it.",
                "schema": {"type": "string", "const": value},
            }
        }

    return field


def changes_headers(words: dict[str, str]) -> dict[str, Any]:
    """Return the header fields of a page of changes, which is JSON or a stream of events."""
    field, cached = link(words)["Link"], TAGGED_HEADERS["Cache-Control"]
    field["description"] = 'On every page of JSON: the URL of the next one, with `rel="next"`.'
    field["schema"]["examples"] = [f'</{words["name"]}/changes?since=WEgYt2>; rel="next"']
    values = [*cached["schema"]["enum"], "no-store"]
    return {
        "Link": field,
        "Cache-Control": {
            "description": f"{cached['description']} `no-store` for a stream.",
            "schema": {"type": "string", "enum": values},
        },
        "Vary": {
            "description": "`Accept` chooses between JSON and events.",
            "schema": {"type": "string", "pattern": "^[A-Za-z, -]+$", "maxLength": 100},
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
    """Return what can be done with a new row."""
    parameters = {words["parameter"]: "$response.body#/id"}
    operations = (f"{verb}{words['One']}" for verb in ("get", "replace", "update", "delete"))
    return {name: {"operationId": name, "parameters": parameters} for name in operations}
