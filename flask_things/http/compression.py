"""gzip for lists, exports and files (RFC 9110, sections 8.4.1 and 12.5.3)."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial, wraps
from typing import Any

from flask import Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from flask_things.environ import STREAM
from flask_things.transport.downloads import DOWNLOADS
from flask_things.turns import in_thread

#: Shorter bodies are not compressed, in bytes: they fit into one packet.
LEAST_BYTES = 1000

#: zlib's levels. The default, 6, makes a list 4 % shorter and takes twice the time; 1 makes it 10 %
#: longer and takes half the time. BEST is for content that is compressed only once.
LEVEL, BEST = 4, 9

#: zlib's `wbits` for the gzip format with the largest window. It writes no timestamp.
FORMAT = 31

#: Longer bodies are compressed in a thread, in bytes. This many take up to 4 milliseconds.
SMALL_BYTES = 128 * 1024


@lru_cache(maxsize=64)
def coding(accept_encoding: str | None) -> str | None:
    """Return "gzip" if the client accepts it and does not prefer an uncompressed response."""
    field = (accept_encoding or "").lower().replace("x-gzip", "gzip")  # section 8.4.1.3
    accepted = parse_accept_header(field, Accept)
    quality = accepted.quality("gzip")
    return "gzip" if quality and quality >= accepted.quality("identity") else None


def pack(data: bytes, level: int = LEVEL) -> bytes:
    """Return bytes as gzip. Large ones are compressed in a thread, beside other requests."""
    return _run(partial(zlib.compress, level=level, wbits=FORMAT), data)


def packed(response: Response) -> bytes:
    """Return the body of a response as gzip."""
    return pack(response.get_data())


def compressed(view: Any, packed: Callable[[Response], bytes] = packed) -> Any:
    """Compress a view's responses for clients that accept gzip. Event streams stay uncompressed.

    The compressed variant has its own ETag, also on 304. Preconditions must be checked before.
    """

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Response:
        response: Response = view(*args, **kwargs)
        response.vary.add("Accept-Encoding")
        length = response.content_length
        is_plain = STREAM in request.environ or (length is not None and length < LEAST_BYTES)
        if is_plain or not coding(request.headers.get("Accept-Encoding")):
            return response
        if "ETag" in response.headers:
            response.headers["ETag"] = response.headers["ETag"][:-1] + '-gzip"'
        if response.status_code == 304:
            return response
        response.headers["Content-Encoding"] = "gzip"
        if length is None:
            response.response = _stream(response.iter_encoded())
        else:
            response.set_data(packed(response))
        return response

    return answer


def _stream(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield each chunk as gzip that the client can decompress at once."""
    compressor = zlib.compressobj(LEVEL, wbits=FORMAT)

    def step(chunk: bytes) -> bytes:
        return compressor.compress(chunk) + compressor.flush(zlib.Z_SYNC_FLUSH)

    for chunk in chunks:
        yield _run(step, chunk)
    yield compressor.flush()


def _run(function: Callable[[bytes], bytes], data: bytes) -> bytes:
    """Call a function of bytes. zlib releases the GIL while it works."""
    if len(data) <= SMALL_BYTES:
        return function(data)
    with DOWNLOADS.sending(data):  # the bytes stay in memory until then
        return in_thread(function, data)
