"""Strict parsing of requests: anything unexpected is rejected by name."""

from hashlib import sha256
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from flask import Request
from marshmallow import RAISE, ValidationError
from webargs.flaskparser import FlaskParser, abort
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    RequestTimeout,
    ServiceUnavailable,
)

from flask_things.environ import BODY_DIGEST
from flask_things.http.decoding import decode
from flask_things.http.error_codes import Code, Message
from flask_things.transport import uploads
from flask_things.transport.connection import Connection

#: How much of a body is read at once, in bytes.
PIECE_BYTES = 64 * 1024


class Parser(FlaskParser):
    """A webargs parser that rejects unknown query parameters and unexpected media types."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}

    def parse(
        self, argmap: Any, req: Request | None = None, *, location: str | None = None, **kwargs: Any
    ) -> Any:
        """Return the values of a location. An absent query or header gives the cached defaults."""
        req = req or self.get_default_request()
        is_absent = (location == "query" and not req.query_string) or (
            location == "headers" and not any(map(req.environ.__contains__, argmap.environ_names))
        )
        if is_absent and argmap.of_nothing is not None:
            return argmap.of_nothing
        return super().parse(argmap, req, location=location, **kwargs)

    def load_json(self, req: Request, schema: Any) -> Any:
        """Return the decoded body.

        The client sees 415 for a wrong media type or a compressed body, 413 over the limit, and 400
        if it is not JSON (RFC 8259).
        """
        if req.mimetype not in schema.media_types:
            _refuse_media_type(req, schema.media_types)
        if req.content_encoding:
            abort(
                415,
                message="The body must not have a Content-Encoding.",
                headers={"Accept-Encoding": "identity"},
            )
        body = read_body(req, schema.max_bytes)
        if schema.many and len(body) > uploads.SMALL_BYTES:
            uploads.take_turn(schema.max_bytes)
        if "Idempotency-Key" in req.headers:
            req.environ[BODY_DIGEST] = sha256(body).digest()
        return decode(body)

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the query parameters.

        The client sees 422 for a repeated one, and for one that is not UTF-8. Werkzeug would leave
        its bytes percent-encoded, and the query would look for another value.
        """
        repeated = Message("The parameter is repeated.", Code.REPEATED)
        wrong = {name: [repeated] for name, values in req.args.lists() if len(values) > 1}
        for pair in req.query_string.split(b"&"):
            try:
                unquote_to_bytes(pair).decode()
            except UnicodeDecodeError:
                name = unquote_to_bytes(pair.partition(b"=")[0]).decode(errors="replace")
                wrong[name] = [Message("The parameter is not UTF-8.", Code.FORMAT)]
        if wrong:
            raise ValidationError(wrong)
        return super().load_querystring(req, schema)


def read_body(req: Request, max_bytes: int) -> bytearray:
    """Return the whole body. A large body waits for a free slot first.

    Raises RequestEntityTooLarge (413), RequestTimeout (408), ServiceUnavailable (503: too many
    large bodies at once) and BadRequest (400: the client stopped sending).
    """
    too_large = RequestEntityTooLarge(f"The body is over the limit of {max_bytes} bytes.")
    # Werkzeug silently cuts a chunked body at the limit. One more byte shows whether it did.
    req.max_content_length = max_bytes + 1
    body, upload = bytearray(), None
    size = req.content_length or 0
    try:
        stream = req.stream  # raises RequestEntityTooLarge if Content-Length is too large
        while True:
            if upload is None and max(size, len(body)) > uploads.SMALL_BYTES:
                upload = uploads.take_slot(size or max_bytes, max_bytes, _connection(req))
            piece = stream.read(PIECE_BYTES)
            if not piece:
                break
            body += piece
            if upload:
                upload.received = len(body)
    except RequestEntityTooLarge as error:
        raise too_large from error
    except (RequestTimeout, ServiceUnavailable):
        raise
    except Exception as error:  # broken chunks: each server raises its own exception
        raise _broken_off(upload, "The body could not be read completely.") from error
    if upload:
        upload.is_read = True
    if len(body) > max_bytes:
        raise too_large
    if len(body) < size:
        raise _broken_off(upload, "The body is shorter than its Content-Length.")
    return body


def _broken_off(upload: uploads.Upload | None, detail: str) -> HTTPException:
    return uploads.busy() if upload and upload.is_cut_off else BadRequest(detail)


def _connection(req: Request) -> Connection | None:
    """Return the connection, or None on a server that has no Connection of ours."""
    connection = req.environ.get("gunicorn.socket")
    return connection if isinstance(connection, Connection) else None


def _refuse_media_type(req: Request, media_types: tuple[str, ...]) -> NoReturn:
    accepted = ", ".join(media_types)
    headers = {"Accept-Patch": accepted} if req.method == "PATCH" else {}  # RFC 5789, section 3.1
    abort(415, message=f"The Content-Type must be one of: {accepted}.", headers=headers)
