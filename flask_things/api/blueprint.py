"""flask-smorest, set up for our contract: strict parsing, problem documents, all of it documented.

A resource of your own needs a `Blueprint` from here; see things.py.
"""

from collections.abc import Callable
from typing import Any

import flask_smorest
from flask import Flask
from werkzeug.routing import BaseConverter

from flask_things.api import spec
from flask_things.api.components import COMMON_HEADERS, ID, NO_STORE_HEADERS, TAGGED_HEADERS
from flask_things.api.schemas import ProblemSchema
from flask_things.http import cache, idempotency, preconditions, problems
from flask_things.http.parsing import BULK_MAX_ITEMS, JSONBody, NoQuery, Parser
from flask_things.security import authentication, rate_limit
from flask_things.transport import uploads

Decorator = Callable[[Any], Any]


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose routes take the bodies they declare, and no query where they say so."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, is_open: bool = False, **kwargs: Any) -> None:
        """Make it, as flask-smorest does. THINGS_AUTH is for its routes, unless it is open."""
        super().__init__(*args, **kwargs)
        if not is_open:
            self.before_request(rate_limit.check)  # before who guesses tokens is told
            self.before_request(authentication.check)
            self.after_request(authentication.keep_private)
            self.after_request(rate_limit.tell)

    def body(self, schema: type[JSONBody], *, many: bool = False) -> Decorator:
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

    def no_query(self, view: Any) -> Any:
        """Refuse every query parameter (422). It comes after the body, which is read first."""
        return self.arguments(NoQuery(), location="query", as_kwargs=True)(view)

    def preconditions(self, view: Any) -> Any:
        """Hand a write its Preconditions."""
        return self.arguments(preconditions.PreconditionsSchema(), location="headers")(view)

    def conditional(self, headers: dict[str, Any] | None = None) -> Decorator:
        """Answer a GET whose response is tagged by its preconditions; `headers`: what a 304 has."""
        known = self.alt_response(
            304,
            description="The client has it: its `If-None-Match` names this ETag.",
            headers={**(headers or {}), **TAGGED_HEADERS, **COMMON_HEADERS},
        )
        return lambda view: self.preconditions(known(cache.kept(preconditions.conditional(view))))

    def idempotent(self, view: Any) -> Any:
        """Take an Idempotency-Key. What reads the request goes before it, the response after."""
        take = self.arguments(idempotency.IdempotencySchema(), location="headers", as_kwargs=True)
        return take(idempotency.idempotent(view))

    def response(
        self,
        status_code: int,
        *args: Any,
        content_type: str = "application/json",
        headers: dict[str, Any] | None = None,
        tagged: bool = False,
        **kwargs: Any,
    ) -> Decorator:
        """Document an answer with the header fields that all have; `tagged` gives it an ETag."""
        caching = TAGGED_HEADERS if tagged else NO_STORE_HEADERS
        headers = {**(headers or {}), **caching, **COMMON_HEADERS}
        respond = super().response(
            status_code, *args, content_type=content_type, headers=headers, **kwargs
        )
        return lambda view: preconditions.tagged(respond(view)) if tagged else respond(view)


class IdConverter(BaseConverter):
    """An id in a URL: decimal, ASCII, no sign, no zero before it, so that a thing has one URL."""

    regex = "0|[1-9][0-9]{0,4000}"  # int() refuses over 4 300 digits

    def to_python(self, value: str) -> int:
        """Return the id."""
        return int(value)


class Api(flask_smorest.Api):
    """An API that answers errors with problem documents."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_RESPONSE_CONTENT_TYPE = problems.MEDIA_TYPE
    DEFAULT_ERROR_RESPONSE_NAME = None  # `default` would cover successes, too

    def __init__(self, app: Flask) -> None:
        """Register the API."""
        is_limited = bool(app.config["THINGS_RATE_LIMIT"])
        plugin = spec.Plugin(app.config["THINGS_AUTH"], is_limited=is_limited)
        super().__init__(app, spec_kwargs={"extra_plugins": [plugin]})
        app.url_map.converters["id"] = IdConverter
        self.register_converter(IdConverter, lambda _converter: ID)
        del self.spec.components.schemas["PaginationMetadata"]  # for pages of flask-smorest's own

    def handle_http_exception(self, error: Any) -> Any:
        """Answer an HTTPException."""
        return problems.http_problem(error)
