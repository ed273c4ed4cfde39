"""JSON responses: arrays are encoded in slices, as all of one would be in memory several times."""

from typing import Any

from flask import current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.sansio.response import Response

from flask_things import downloads

#: How many items are encoded at once: with the longest texts these take 6 MB, and for small ones
#: the call itself costs little.
SLICE_ITEMS = 16


class JSONProvider(DefaultJSONProvider):
    """Flask's, with characters and keys as they are."""

    ensure_ascii = False
    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a response that holds an array, or whatever Flask makes of the arguments.

        Raises ServiceUnavailable (503) for a large one that is only read, if there are too many.
        """
        if kwargs or len(args) != 1 or not isinstance(args[0], list):
            return super().response(*args, **kwargs)
        starts = range(0, len(args[0]), SLICE_ITEMS)
        slices = (self._encoded(args[0][at : at + SLICE_ITEMS]) for at in starts)
        body = b"".join((b"[", b",".join(slices), b"]\n"))
        if request.method == "GET":
            downloads.refuse_if_full(len(body))
        return current_app.response_class(body, mimetype=self.mimetype)

    def _encoded(self, items: list[Any]) -> bytes:
        return self.dumps(items, separators=(",", ":")).encode()[1:-1]
