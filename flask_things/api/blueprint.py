"""flask-smorest, set up for our contract: strict parsing, problem documents, all of it documented.

The routes of a resource are registered by `Blueprint.operation`; see resource/routes/.
"""

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

import flask_smorest
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import BaseConverter

from flask_things.api import spec
from flask_things.api.components import (
    CODING,
    COMMON_HEADERS,
    ID,
    NO_STORE_HEADERS,
    REPLAYED,
    TAGGED_HEADERS,
    VARY,
    VARYING_TAGGED,
)
from flask_things.http import cache, compression, idempotency, preconditions, problems
from flask_things.http.parsing import Parser
from flask_things.http.request_schemas import BULK_MAX_ITEMS, JSONBody
from flask_things.security import authentication, rate_limit
from flask_things.transport import uploads

Decorator = Callable[[Any], Any]


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose routes take the bodies they declare, and no query where they say so."""

    ARGUMENTS_PARSER = Parser()

    def __init__(
        self,
        *args: Any,
        is_open: bool = False,
        check_access: Callable[[], None] | None = None,
        **kwargs: Any,
    ) -> None:
        """Make it. Rate limit, tokens and `check_access` guard its routes, unless it is open."""
        super().__init__(*args, **kwargs)
        if not is_open:
            self.before_request(rate_limit.check)  # first: it also counts guesses of a token
            self.after_request(rate_limit.tell)
            self.before_request(authentication.check)
            self.after_request(authentication.keep_private)
        if check_access:
            self.before_request(check_access)

    def register_views_in_doc(self, api: Any, *args: Any, **options: Any) -> None:
        """Leave that until somebody asks for the document: it takes half of `create_app`."""
        api.undocumented.append(partial(super().register_views_in_doc, api, *args, **options))

    def operation(
        self,
        method: str,
        rule: str,
        operation_id: str,
        *,
        query: Schema | None = None,
        body: type[JSONBody] | None = None,
        answer: Any = None,
        many: bool = False,
        status: int = 200,
        headers: dict[str, Any] | None = None,
        content_type: str = "application/json",
        other_content: dict[str, Any] | None = None,
        links: dict[str, Any] | None = None,
        tagged: bool = False,
        idempotent: bool = False,
        kept: bool = True,
        source: tuple[str, str | None] | None = None,
        sent: Schema | None = None,
        strict_slashes: bool = True,
        **document: Any,
    ) -> Decorator:
        """Register and document a view, with all that it does not do itself, in the right order.

        The view gets the body and, if it writes, its Preconditions, then what the path and the
        query have by name. `tagged` gives the answer an ETag: a GET of one honours preconditions
        and is kept in memory until its `source` changes, unless it is not `kept`: see `cache.kept`.
        Lists and files are compressed. `sent` are header fields that the view gets by name.
        `idempotent` accepts an Idempotency-Key. `document` is more of the operation for the OpenAPI
        document.
        """
        steps: list[Decorator] = [self.doc(operationId=operation_id, **document)]
        if links:
            steps.append(self.doc(responses={status: {"links": links}}))
        common = TAGGED_HEADERS if tagged else NO_STORE_HEADERS
        if varies := method == "GET" and (many or content_type != "application/json"):
            steps.append(compression.compressed)
            common = VARYING_TAGGED if tagged else {**NO_STORE_HEADERS, **VARY}
        headers = {**common, **(headers or {})}
        if tagged and method == "GET":
            steps += self._conditional(headers)
            if kept:
                steps.append(cache.kept(*(source or ())))
        if body:
            steps.append(self._body(body, many=many))
        if query:
            steps.append(self.arguments(query, location="query", as_kwargs=True))
        if sent:
            steps.append(self.arguments(sent, location="headers", as_kwargs=True))
        if method != "GET":
            steps.append(self.arguments(preconditions.PreconditionsSchema(), location="headers"))
        if idempotent:  # what reads the request goes before it, the response after
            keys = idempotency.IdempotencySchema()
            steps += [
                self.arguments(keys, location="headers", as_kwargs=True),
                idempotency.idempotent,
            ]
            headers |= REPLAYED
        if tagged:
            steps.append(preconditions.tagged)
        schema = answer(many=many) if isinstance(answer, type) else answer
        documented = {**headers, **(CODING if varies else {}), **COMMON_HEADERS}
        steps.append(self.response(status, schema, content_type=content_type, headers=documented))
        for kind, other in (other_content or {}).items():
            steps.append(self.alt_response(status, schema=other, content_type=kind))

        def register(view: Any) -> Any:
            composed = view
            for step in reversed(steps):
                composed = step(composed)
            options = {"methods": [method], "strict_slashes": strict_slashes}
            self.add_url_rule(rule, view.__name__, composed, **options)
            return view

        return register

    def _conditional(self, headers: dict[str, Any]) -> list[Decorator]:
        known = self.alt_response(
            304,
            description="The client has it: its `If-None-Match` has this ETag.",
            headers={**headers, **COMMON_HEADERS},
        )
        take = self.arguments(preconditions.PreconditionsSchema(), location="headers")
        return [take, known, preconditions.conditional]

    def _body(self, schema: type[JSONBody], *, many: bool) -> Decorator:
        """Take and document a JSON body, in each of its media types; `many`: an array of them."""
        array = {"type": "array", "items": schema, "minItems": 1, "maxItems": BULK_MAX_ITEMS}
        content = {
            kind: {
                "schema": array if many else schema,
                "example": [schema.example] if many else schema.example,
            }
            for kind in schema.media_types
        }
        take = self.arguments(schema(many=many), content_type=schema.media_types[0])
        return lambda view: self.doc(requestBody={"content": content})(uploads.released(take(view)))


class IdConverter(BaseConverter):
    """An id in a URL: decimal, ASCII, no sign, no zero before it, so that a row has one URL."""

    regex = "0|[1-9][0-9]{0,4000}"  # int() refuses over 4 300 digits

    def to_python(self, value: str) -> int:
        """Return the id."""
        return int(value)


class Api(flask_smorest.Api):
    """An API that answers errors with problem documents."""

    ERROR_SCHEMA = spec.PROBLEM
    DEFAULT_RESPONSE_CONTENT_TYPE = problems.MEDIA_TYPE
    DEFAULT_ERROR_RESPONSE_NAME = None  # `default` would cover successes, too

    def __init__(self, app: Flask) -> None:
        """Register the API."""
        self._lock = Lock()
        self.undocumented: list[Callable[[], None]] = []
        is_limited = bool(app.config["THINGS_RATE_LIMIT"])
        plugin = spec.Plugin(app.config["THINGS_AUTH"], is_limited=is_limited)
        super().__init__(app, spec_kwargs={"extra_plugins": [plugin]})
        app.url_map.converters["id"] = IdConverter
        self.register_converter(IdConverter, lambda _converter: ID)
        del self.spec.components.schemas["PaginationMetadata"]  # for pages of flask-smorest's own

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document, which is made when it is first asked for."""
        with self._lock:
            while self.undocumented:
                self.undocumented.pop(0)()
            return self.spec.to_dict()  # type: ignore[no-any-return]

    def handle_http_exception(self, error: Any) -> Any:
        """Answer an HTTPException."""
        return problems.http_problem(error)
