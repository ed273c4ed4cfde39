"""JSON responses: arrays are encoded in slices, as all of one would be in memory several times."""

from json import JSONEncoder
from typing import Any

from flask import current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response

from flask_things.transport import downloads

#: How many items are encoded at once: with the longest texts these take 6 MB, and for small ones
#: the call itself costs little.
SLICE_ITEMS = 16


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


_json = JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=DefaultJSONProvider.default
).encode


def encode(content: Any) -> bytes:
    """Return JSON, and a newline."""
    if not isinstance(content, list):
        return _json(content).encode() + b"\n"
    starts = range(0, len(content), SLICE_ITEMS)
    slices = (_json(content[at : at + SLICE_ITEMS]).encode()[1:-1] for at in starts)
    return b"".join((b"[", b",".join(slices), b"]\n"))
