"""Scripts and style sheets of pages, compressed once."""

from typing import Any

from flask import Response, send_from_directory

from flask_things.http.compression import BEST, compressed, pack
from flask_things.http.preconditions import conditional, with_preconditions


def serve(folder: str) -> Any:
    """Return a view that serves the files of a folder, relative to the application."""
    cached: dict[str, bytes] = {}

    def asset(filename: str) -> Response:
        return send_from_directory(folder, filename, conditional=False)

    def packed(response: Response) -> bytes:
        etag = response.headers["ETag"]
        if etag not in cached:
            response.direct_passthrough = False
            cached[etag] = pack(response.get_data(), BEST)
        response.close()  # the file
        return cached[etag]

    return compressed(with_preconditions(conditional(asset)), packed)
