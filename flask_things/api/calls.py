"""Calls an operation with the arguments of a request, and makes a response from its result."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NamedTuple

from flask import Response, request
from flask_smorest.utils import set_status_and_headers_in_response, unpack_tuple_response
from marshmallow import Schema

from flask_things.http import preconditions
from flask_things.http.parsing import Parser
from flask_things.http.responses import WholeResponse
from flask_things.transport import downloads

PARSER = Parser()


class Argument(NamedTuple):
    """An argument of a view: a whole body, or parameters by name."""

    schema: Schema
    location: str
    by_name: bool = False


def with_arguments(view: Any, declared: Iterable[Argument]) -> Any:
    """Call a view with the request's arguments in this order, and those of its path."""
    parse = PARSER.parse

    @wraps(view)
    def answer(**arguments: Any) -> Any:
        given = []
        sent = request._get_current_object()  # type: ignore[attr-defined] # faster than the proxy
        for schema, location, by_name in declared:
            value = parse(schema, sent, location=location)
            if by_name:
                arguments.update(value)
            else:
                given.append(value)
        return view(*given, **arguments)

    return answer


def represented(view: Any, write: Callable[[Any], bytes], status: int, *, tagged: bool) -> Any:
    """Make a response from a view's result: content, content with header fields, or a response.

    `write` encodes content that is not bytes. A `tagged` response gets an ETag. Raises
    ServiceUnavailable (503) if a GET has a large response while too many are being sent.
    """

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Response:
        content, own_status, headers = unpack_tuple_response(view(*args, **kwargs))
        if isinstance(content, Response):
            set_status_and_headers_in_response(content, own_status, headers)
            return preconditions.tag(content) if tagged else content
        body = content if isinstance(content, bytes) else write(content)
        if request.method == "GET":
            downloads.refuse_if_full(len(body))
        fields = {"Content-Type": "application/json", **(headers or {})}
        if tagged:
            fields |= preconditions.etag_headers(body, fields)
        return WholeResponse(body, own_status or status, fields)

    return answer
