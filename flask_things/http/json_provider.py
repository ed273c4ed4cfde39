"""JSON responses: arrays are encoded in slices, as all of one would be in memory several times."""

from typing import Any

from flask import current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response

from flask_things.transport import downloads

#: How many items are encoded at once: with the longest texts these take 6 MB, and for small ones
#: the call itself costs little.
SLICE_ITEMS = 16


class JSONProvider(DefaultJSONProvider):
    """Flask's, with characters and keys as they are."""

    ensure_ascii = False
    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a response that holds an array, or whatever Flask makes of the arguments.

        Raises ServiceUnavailable (503) for a large one to a GET, if there are too many.
        """
        response: Response
        if not kwargs and len(args) == 1 and isinstance(args[0], list):
            response = current_app.response_class(self._array(*args), mimetype=self.mimetype)
        else:
            response = super().response(*args, **kwargs)
        if request.method == "GET":
            downloads.refuse_if_full(response.content_length or 0)
        return response

    def _array(self, items: list[Any]) -> bytes:
        starts = range(0, len(items), SLICE_ITEMS)
        slices = (self._encoded(items[at : at + SLICE_ITEMS]) for at in starts)
        return b"".join((b"[", b",".join(slices), b"]\n"))

    def _encoded(self, items: list[Any]) -> bytes:
        return self.dumps(items, separators=(",", ":")).encode()[1:-1]
