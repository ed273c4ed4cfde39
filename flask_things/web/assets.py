"""Files that pages load: scripts and style sheets, each compressed once and kept so."""

from typing import Any

from flask import Response, send_from_directory

from flask_things.http.compression import BEST, compressed, pack
from flask_things.http.preconditions import conditional, with_preconditions


def serve(folder: str) -> Any:
    """Return a view of the files in a folder; a relative one is beside the application."""
    kept: dict[str, bytes] = {}

    def asset(filename: str) -> Response:
        return send_from_directory(folder, filename, conditional=False)

    def packed(response: Response) -> bytes:
        etag = response.headers["ETag"]
        if etag not in kept:
            response.direct_passthrough = False
            kept[etag] = pack(response.get_data(), BEST)
        response.close()  # the file
        return kept[etag]

    return compressed(with_preconditions(conditional(asset)), packed)
