"""JSON responses, and arrays of encoded items."""

from collections.abc import Callable, Iterable
from json import JSONEncoder
from typing import Any

from flask import current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response

from flask_things.transport import downloads


class JSONProvider(DefaultJSONProvider):
    """Flask's JSON provider with literal characters, unsorted keys and no spaces."""

    ensure_ascii = False
    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a response with an object or an array.

        Raises ServiceUnavailable (503) if a GET has a large response while too many are being sent.
        """
        body = encode(self._prepare_response_obj(args, kwargs))
        if request.method == "GET":
            downloads.refuse_if_full(len(body))
        return current_app.response_class(body, mimetype=self.mimetype)


#: Encodes JSON without spaces and escapes.
to_json: Callable[[Any], str] = JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=DefaultJSONProvider.default
).encode


def encode(content: Any) -> bytes:
    """Return JSON, with a newline at the end."""
    return to_json(content).encode() + b"\n"


def array(items: Iterable[bytes]) -> bytes:
    """Return an array of items that are JSON already, with a newline at the end."""
    return b"".join((b"[", b",".join(items), b"]\n"))
