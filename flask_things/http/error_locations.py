"""Turns webargs' messages into the `errors` of a problem document."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from marshmallow import Schema

from flask_things.http.error_codes import described

#: One entry: `code`, `limit` and `detail`, and the location under its own name (see PLACES).
Error = dict[str, Any]

#: marshmallow's message for a field that the schema does not have.
UNKNOWN_FIELD = Schema().error_messages["unknown"]

#: The longest member name that a pointer repeats, in characters. Each may become twelve bytes.
NAME_MAX_CHARACTERS = 200

#: The name of a location in `errors`, by webargs' name.
PLACES = {"json": "pointer", "query": "parameter", "headers": "header"}


def errors_of(messages: Mapping[str, Any]) -> Iterator[Error]:
    """Yield an entry for each message of webargs, which sorts them by location and field."""
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
            # marshmallow's name for the whole body. A client may send a field of that name, too.
            whole = is_body and key == "_schema" and inner != [UNKNOWN_FIELD]
            yield from _flat(inner, path if whole else (*path, str(key)), is_body=is_body)
    else:
        for text in messages:
            yield path, text


def _pointer(path: tuple[str, ...]) -> str:
    """Return a JSON Pointer as a URI fragment (RFC 6901, section 6).

    It stops before a name that is too long to repeat, and so points at the enclosing object.
    """
    short = takewhile(lambda part: len(part) <= NAME_MAX_CHARACTERS, path)
    escaped = (part.replace("~", "~0").replace("/", "~1") for part in short)
    return "#" + "".join("/" + quote(part, safe="~", errors="replace") for part in escaped)
