"""JSON responses, and arrays of what is JSON already."""

from collections.abc import Callable, Iterable
from json import JSONEncoder
from typing import Any

from flask import current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response

from flask_things.transport import downloads


class JSONProvider(DefaultJSONProvider):
    """Flask's, with characters and keys as they are, and without spaces."""

    ensure_ascii = False
    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a response that holds an object or an array.

        Raises ServiceUnavailable (503) for a large one to a GET, if there are too many.
        """
        body = encode(self._prepare_response_obj(args, kwargs))
        if request.method == "GET":
            downloads.refuse_if_full(len(body))
        return current_app.response_class(body, mimetype=self.mimetype)


#: Returns JSON without spaces and escapes.
to_json: Callable[[Any], str] = JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=DefaultJSONProvider.default
).encode


def encode(content: Any) -> bytes:
    """Return JSON, and a newline."""
    return to_json(content).encode() + b"\n"


def array(items: Iterable[bytes]) -> bytes:
    """Return an array of items, each of which is JSON, and a newline."""
    return b"".join((b"[", b",".join(items), b"]\n"))
