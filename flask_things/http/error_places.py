"""Where a request is not valid: webargs' messages → the `errors` of a problem document."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from marshmallow import Schema

from flask_things.http.error_codes import described

#: What is wrong, by "code", "limit" and "detail", and where, by the name of the place.
Error = dict[str, Any]

#: What marshmallow says of a field that a schema has not.
UNKNOWN_FIELD = Schema().error_messages["unknown"]

#: The longest name of a member that is repeated, in characters; each may become twelve bytes.
NAME_MAX_CHARACTERS = 200

#: How `errors` names a place, by webargs' name of the location.
PLACES = {"json": "pointer", "query": "parameter", "headers": "header"}


def errors_of(messages: Mapping[str, Any]) -> Iterator[Error]:
    """Yield an entry for each message of webargs, which has them by location and by field."""
    for location, by_field in messages.items():
        is_body = location == "json"
        for path, text in _flat(by_field, is_body=is_body):
            place = _pointer(path) if is_body else "".join(path[:1])
            code, limit = described(text)
            number = {} if limit is None else {"limit": limit}
            yield {"code": code, **number, "detail": text, PLACES[location]: place}


def _flat(
    messages: Any, path: tuple[str, ...] = (), *, is_body: bool
) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # marshmallow's name for the whole; but a client may have a field of that name.
            whole = is_body and key == "_schema" and inner != [UNKNOWN_FIELD]
            yield from _flat(inner, path if whole else (*path, str(key)), is_body=is_body)
    else:
        for text in messages:
            yield path, text


def _pointer(path: tuple[str, ...]) -> str:
    """Return a JSON Pointer as a URI fragment (RFC 6901, section 6).

    It ends before a name that is too long to be repeated, and so points at the object around it.
    """
    short = takewhile(lambda part: len(part) <= NAME_MAX_CHARACTERS, path)
    escaped = (part.replace("~", "~0").replace("/", "~1") for part in short)
    return "#" + "".join("/" + quote(part, safe="~", errors="replace") for part in escaped)
