"""The problem responses of the OpenAPI document: what each status means, with an example."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from apispec.core import Components

from flask_things.api.components import COMMON_HEADERS, NO_STORE_HEADERS
from flask_things.http import problems
from flask_things.http.error_locations import Error
from flask_things.security import authentication

#: A reference to the schema of a problem: resolving the class for each status takes 7 ms per start.
PROBLEM = {"$ref": "#/components/schemas/Problem"}

CHALLENGE = {
    "WWW-Authenticate": {
        "description": "The scheme, and what is wrong with the token that was sent (RFC 6750).",
        "schema": {
            "type": "string",
            "examples": ['Bearer realm="flask-things", error="invalid_token"'],
        },
    }
}

RETRY_AFTER = {
    "Retry-After": {
        "description": "The number of seconds to wait before a retry.",
        "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**31 - 1},
    }
}

#: The additional header fields of some problems.
PROBLEM_HEADERS = {
    401: CHALLENGE,
    403: CHALLENGE,
    415: {
        "Accept-Encoding": {
            "description": "Present if the body was compressed: the supported coding (RFC 9110).",
            "schema": {"type": "string", "examples": ["identity"]},
        },
        "Accept-Patch": {
            "description": "Present on PATCH: the supported media types (RFC 5789).",
            "schema": {
                "type": "string",
                "examples": ["application/merge-patch+json, application/json"],
            },
        },
    },
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}


class Meaning(NamedTuple):
    """When routes respond with a status, and the `detail` and `errors` of an example."""

    description: str
    detail: str
    errors: Sequence[Error] = ()


MEANINGS = {
    400: Meaning(
        "The body is not JSON in UTF-8, or is shorter than its Content-Length.",
        "The body is not JSON: Expecting value at line 1 column 1.",
    ),
    401: Meaning(
        "A valid bearer token is required.",
        authentication.DETAILS[401],
    ),
    403: Meaning("The token is read-only.", authentication.DETAILS[403]),
    404: Meaning("Nothing exists at this URL, or an id does not exist.", "There is no row 7."),
    408: Meaning(
        "The body arrived too slowly. Nothing was changed.",
        "The body took longer than 30 seconds.",
    ),
    409: Meaning(
        "Another row has a value that must be unique, or still refers to this row.",
        "Another row has the same unique value.",
    ),
    410: Meaning(
        "The position is older than the journal. Start again from an export.",
        "The journal no longer has this position, or a backup was restored since. Start again from "
        "the export.",
    ),
    412: Meaning(
        "`If-Match` or `If-None-Match` failed. Nothing was changed.",
        "If-Match failed: the current version is different.",
    ),
    413: Meaning(
        "The body is larger than the limit: 2 MiB, or 16 MiB for bulk calls.",
        "The body is over the limit of 2097152 bytes.",
    ),
    415: Meaning(
        "The body has an unsupported media type or content coding.",
        "The Content-Type must be one of: application/json.",
    ),
    422: Meaning(
        "The request is well formed but invalid. `errors` lists each invalid place.",
        "The request has 1 invalid field.",
        [{"code": "required", "detail": "Missing data for required field.", "pointer": "#/text"}],
    ),
    429: Meaning(
        "The client sent too many requests. Wait for `Retry-After` seconds.",
        "Too many requests. Wait for Retry-After seconds.",
    ),
    503: Meaning(
        "The database is busy or unavailable, or too many large requests or streams are open. Try "
        "again after `Retry-After` seconds.",
        problems.DATABASE_AWAY,
    ),
    507: Meaning(
        "The disk is full, or no id is left. Nothing was changed; reads still work.",
        problems.DISK_FULL,
    ),
}

#: Responses for all other statuses of a range that an operation does not list, each with an
#: example.
RANGES = {
    "4XX": ("ClientError", 431, Meaning("Any other error of the client.", "A header is too long.")),
    "5XX": (
        "ServerError",
        500,
        Meaning("Any other error of the server.", "The server has an internal error."),
    ),
}


def component(status: int) -> str:
    """Return the name of a problem among the document's components, like "NotFound"."""
    return problems.title(status).replace(" ", "")


def register(components: Components) -> None:
    """Register the responses; the document has only those that an operation refers to."""
    named = [(component(status), status, meaning) for status, meaning in MEANINGS.items()]
    for name, status, meaning in [*named, *RANGES.values()]:
        components.response(name, _response(status, meaning), lazy=True)


def _response(status: int, meaning: Meaning) -> dict[str, Any]:
    example = problems.document(status, meaning.detail, meaning.errors)
    return {
        "description": meaning.description,
        "headers": {**PROBLEM_HEADERS.get(status, {}), **NO_STORE_HEADERS, **COMMON_HEADERS},
        "content": {problems.MEDIA_TYPE: {"schema": PROBLEM, "example": example}},
    }
