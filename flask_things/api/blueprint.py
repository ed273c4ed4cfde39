"""flask-smorest with our contract: strict parsing, problem documents, full documentation.

`Blueprint.operation` registers the routes of a resource; see resource/routes/.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import flask_smorest
from flask.blueprints import BlueprintSetupState
from marshmallow import Schema

from flask_things.api.calls import PARSER, Argument, represented, with_arguments
from flask_things.api.components import (
    CODING,
    COMMON_HEADERS,
    NO_STORE_HEADERS,
    REPLAYED,
    TAGGED_HEADERS,
    VARY,
    VARYING_TAGGED,
)
from flask_things.http import cache, compression, idempotency, preconditions
from flask_things.http.json_provider import encode
from flask_things.http.request_schemas import BULK_MAX_ITEMS, JSONBody
from flask_things.security import authentication, rate_limit
from flask_things.transport import uploads

Decorator = Callable[[Any], Any]


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose routes accept only the declared body and query."""

    ARGUMENTS_PARSER = PARSER

    def __init__(
        self,
        *args: Any,
        is_open: bool = False,
        check_access: Callable[[], None] | None = None,
        **kwargs: Any,
    ) -> None:
        """Create a blueprint. Unless it is open, rate limit, tokens and `check_access` guard it."""
        super().__init__(*args, **kwargs)
        self._is_open, self._check_access = is_open, check_access
        self.record(self._guard)

    def _guard(self, state: BlueprintSetupState) -> None:
        """Register only the checks that the application's settings require."""
        settings, checks, ends = state.app.config, [], []
        if settings["THINGS_RATE_LIMIT"] and not self._is_open:
            checks.append(rate_limit.check)  # first, so that it counts attempts to guess a token
            ends.append(rate_limit.add_headers)
        if settings["THINGS_AUTH"] != "off" and not self._is_open:
            checks.append(authentication.check)
            ends.append(authentication.keep_private)
        if self._check_access:
            checks.append(self._check_access)
        state.app.before_request_funcs.setdefault(self.name, []).extend(checks)
        state.app.after_request_funcs.setdefault(self.name, []).extend(ends)

    def register_views_in_doc(self, api: Any, *args: Any, **options: Any) -> None:
        """Wait until the document is requested, because this takes half of `create_app`."""
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
        write: Callable[[Any], bytes] | None = None,
        many: bool = False,
        status: int = 200,
        returns: str | None = None,
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
        """Register and document a view, with all decorators in the right order.

        The view gets the body and, if it writes, its Preconditions, and by name the parameters of
        path, query and `sent`, which are header fields. `tagged` adds an ETag: a GET then honours
        preconditions and is cached until its `source` changes, unless `kept` is false (see
        `cache.kept`). Lists and files are compressed. `idempotent` accepts an Idempotency-Key.
        `returns` describes the response in the OpenAPI document, and `document` is more of the
        operation for it.
        """
        is_read = method == "GET"
        is_conditional = tagged and is_read
        expected = Argument(preconditions.PreconditionsSchema(), "headers")
        declared = [expected] if is_conditional else []
        if body:
            declared.append(Argument(body(many=many), "json"))
        if query:
            declared.append(Argument(query, "query", by_name=True))
        if sent:
            declared.append(Argument(sent, "headers", by_name=True))
        if not is_read:
            declared.append(expected)
        if idempotent:
            declared.append(Argument(idempotency.IdempotencySchema(), "headers", by_name=True))

        varies = is_read and (many or content_type != "application/json")
        common = TAGGED_HEADERS if tagged else NO_STORE_HEADERS
        if varies:
            common = VARYING_TAGGED if tagged else {**NO_STORE_HEADERS, **VARY}
        fields = {**common, **(headers or {}), **(REPLAYED if idempotent else {})}
        schema = answer(many=many) if isinstance(answer, type) else answer
        notes: list[Decorator] = [self.doc(operationId=operation_id, **document)]
        if links:
            notes.append(self.doc(responses={status: {"links": links}}))
        notes += map(self._argument, declared)
        if is_conditional:
            notes.append(self._not_modified(fields))
        documented = {**fields, **(CODING if varies else {}), **COMMON_HEADERS}
        notes.append(
            self.response(
                status, schema, content_type=content_type, headers=documented, description=returns
            )
        )
        for kind, other in (other_content or {}).items():
            notes.append(
                self.alt_response(status, schema=other, content_type=kind, description=returns)
            )

        def register(view: Any) -> Any:
            write_answer = write or partial(_dumped, schema)
            composed = represented(view, write_answer, status, tagged=tagged)
            if idempotent:
                composed = idempotency.idempotent(composed)
            if is_conditional:
                composed = preconditions.conditional(composed)
            composed = with_arguments(composed, declared)
            if is_conditional and kept:
                composed = cache.kept(*(source or ()))(composed)
            if body:
                composed = uploads.release_slots(composed)
            if varies:
                composed = compression.compressed(composed)
            composed._apidoc = _noted(view, notes)
            options = {"methods": [method], "strict_slashes": strict_slashes}
            self.add_url_rule(rule, view.__name__, composed, **options)
            return view

        return register

    def _not_modified(self, headers: dict[str, Any]) -> Any:
        return self.alt_response(
            304,
            description="`If-None-Match` has the current `ETag`. There is no body.",
            headers={**headers, **COMMON_HEADERS},
        )

    def _argument(self, declared: Argument) -> Any:
        """Document an argument of a view. A JSON body is listed once per media type."""
        schema = declared.schema
        if not isinstance(schema, JSONBody):
            return self.arguments(schema, location=declared.location)
        kind, example = type(schema), schema.example
        array = {"type": "array", "items": kind, "minItems": 1, "maxItems": BULK_MAX_ITEMS}
        content = {
            media_type: {
                "schema": array if schema.many else kind,
                "example": [example] if schema.many else example,
            }
            for media_type in schema.media_types
        }
        take = self.arguments(schema, content_type=schema.media_types[0])
        return lambda view: self.doc(requestBody={"content": content})(take(view))


def _dumped(schema: Schema | None, content: Any) -> bytes:
    return encode(content if schema is None else schema.dump(content))


def _noted(view: Any, notes: list[Decorator]) -> Any:
    """Return the documentation that decorators attach to a view. Their views are never called."""
    for note in reversed(notes):
        view = note(view)
    return view._apidoc
