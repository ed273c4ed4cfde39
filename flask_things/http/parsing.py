"""Reading requests: what is not exactly what a route takes is refused, and named."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from flask import Request
from marshmallow import RAISE, Schema, ValidationError, pre_load
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
from flask_things.transport.uploads import BODY_MAX_BYTES, BULK_BODY_MAX_BYTES

#: The most rows that a bulk call creates. While it runs it holds the write lock: with 16 MiB of
#: texts for seconds, most of them for the search index.
BULK_MAX_ITEMS = 1000

#: How much of a body is read at once, in bytes.
PIECE_BYTES = 64 * 1024


class SharedSchema(Schema):
    """A schema that is not changed once it is made, so whatever is copied shares it.

    flask-smorest copies an operation's document with each decorator: with its schemas, that is 60 %
    of the time in which an application is made.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> "SharedSchema":
        return self

    @cached_property
    def of_nothing(self) -> Any:
        """What it loads from a request that has none of its fields; None if one is required."""
        try:
            return self.load({})
        except ValidationError:
            return None

    @cached_property
    def environ_names(self) -> list[str]:
        """The names of its fields as header fields in the WSGI environment."""
        names = (field.data_key or name for name, field in self.fields.items())
        return [f"HTTP_{name.upper().replace('-', '_')}" for name in names]


class JSONBody(SharedSchema):
    """What a JSON body may hold: the fields of a subclass and no other; with `many` an array."""

    class Meta:
        unknown = RAISE

    #: The content types that the body is taken in.
    media_types: tuple[str, ...] = ("application/json",)

    #: A body, for the documentation.
    example: Mapping[str, Any]

    @property
    def max_bytes(self) -> int:
        """The body's largest size."""
        return BULK_BODY_MAX_BYTES if self.many else BODY_MAX_BYTES

    @pre_load(pass_collection=True)
    def prepare(self, data: Any, *, many: bool, **_kwargs: Any) -> Any:
        """Return the body without read-only fields, so that clients can send back what they got.

        Raises ValidationError (422) for an array of too few or too many, before any is looked at.
        """
        if many and not isinstance(data, list):
            return data
        items = data if many else [data]
        if not 1 <= len(items) <= BULK_MAX_ITEMS:
            code, limit = (Code.TOO_MANY, BULK_MAX_ITEMS) if items else (Code.TOO_FEW, 1)
            raise ValidationError(Message(f"Must have 1 to {BULK_MAX_ITEMS} items.", code, limit))
        read_only = self.fields.keys() - self.load_fields.keys()  # those that are `dump_only`
        items = [
            {name: value for name, value in item.items() if name not in read_only}
            if isinstance(item, dict)
            else item
            for item in items
        ]
        return items if many else items[0]


class NoQuery(SharedSchema):
    """A query without parameters."""


class Parser(FlaskParser):
    """A webargs parser that takes no query parameter and no kind of body it was not told of."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}

    def parse(
        self, argmap: Any, req: Request | None = None, *, location: str | None = None, **kwargs: Any
    ) -> Any:
        """Return what a request has in a location; where it has nothing there, what is kept."""
        req = req or self.get_default_request()
        is_absent = (location == "query" and not req.query_string) or (
            location == "headers" and not any(map(req.environ.__contains__, argmap.environ_names))
        )
        if is_absent and argmap.of_nothing is not None:
            return argmap.of_nothing
        return super().parse(argmap, req, location=location, **kwargs)

    def load_json(self, req: Request, schema: Any) -> Any:
        """Return the value that the body holds.

        The client sees 415 for another type than the schema's and for a compressed body, 413 for
        one over the limit and 400 for one that is not JSON (RFC 8259).
        """
        if req.mimetype not in schema.media_types:
            _refuse_media_type(req, schema.media_types)
        if req.content_encoding:
            abort(
                415,
                message="The body must not be encoded.",
                headers={"Accept-Encoding": "identity"},
            )
        body = read_body(req, schema.max_bytes)
        if schema.many and len(body) > uploads.SMALL_BYTES:
            uploads.process(schema.max_bytes)
        if "Idempotency-Key" in req.headers:
            req.environ[BODY_DIGEST] = sha256(body).digest()
        return decode(body)

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the query's parameters.

        The client sees 422 for a repeated one, and for one that is not UTF-8: Werkzeug would leave
        its bytes as they are written, so that another value were looked for.
        """
        repeated = Message("Given more than once.", Code.REPEATED)
        wrong = {name: [repeated] for name, values in req.args.lists() if len(values) > 1}
        for pair in req.query_string.split(b"&"):
            try:
                unquote_to_bytes(pair).decode()
            except UnicodeDecodeError:
                name = unquote_to_bytes(pair.partition(b"=")[0]).decode(errors="replace")
                wrong[name] = [Message("Not UTF-8.", Code.FORMAT)]
        if wrong:
            raise ValidationError(wrong)
        return super().load_querystring(req, schema)


def read_body(req: Request, max_bytes: int) -> bytearray:
    """Return the whole body; beyond a small one it is read once there is a place for it.

    Raises RequestEntityTooLarge (413), RequestTimeout (408), ServiceUnavailable (503: too many
    large ones at once) and BadRequest (400: the client broke off).
    """
    too_large = RequestEntityTooLarge(f"The body is over the limit of {max_bytes} bytes.")
    # Werkzeug cuts a chunked body at its limit without a word: a byte more shows what was cut.
    req.max_content_length = max_bytes + 1
    body, upload = bytearray(), None
    size = req.content_length or 0
    try:
        stream = req.stream  # it raises RequestEntityTooLarge where too much is announced
        while True:
            if upload is None and max(size, len(body)) > uploads.SMALL_BYTES:
                upload = uploads.hold(size or max_bytes, max_bytes, _connection(req))
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
    except Exception as error:  # broken chunks: every server has an exception of its own
        raise _broken_off(upload, "The body could not be read to its end.") from error
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
    """Return the connection; another server than ours has none that can be told anything."""
    connection = req.environ.get("gunicorn.socket")
    return connection if isinstance(connection, Connection) else None


def _refuse_media_type(req: Request, media_types: tuple[str, ...]) -> NoReturn:
    accepted = ", ".join(media_types)
    headers = {"Accept-Patch": accepted} if req.method == "PATCH" else {}  # RFC 5789, section 3.1
    abort(415, message=f"The Content-Type must be one of: {accepted}.", headers=headers)
