"""flask-smorest, set up for our contract: strict parsing, problem documents, all of it documented.

A resource of your own needs a `Blueprint` from here; see things.py.
"""

from collections.abc import Callable
from typing import Any

import flask_smorest
from flask import Flask

from flask_things import headers, problems
from flask_things.parsing import NoQuery, Parser
from flask_things.schemas import ProblemSchema


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose routes take what they declare and nothing else."""

    ARGUMENTS_PARSER = Parser()

    def response(
        self,
        status_code: int,
        *args: Any,
        content_type: str = "application/json",
        headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Document an answer, with the header fields that every answer has."""
        headers = {**(headers or {}), **COMMON_HEADERS}
        return super().response(
            status_code, *args, content_type=content_type, headers=headers, **kwargs
        )

    def problems(self, *statuses: int) -> Callable[[Any], Any]:
        """Document the problems that a route answers with."""

        def decorate(view: Any) -> Any:
            for status in statuses:
                view = self.alt_response(status, response=component(status))(view)
            return view

        return decorate

    def no_query(self, view: Any) -> Any:
        """Refuse every query parameter (422); last of the decorators, as the body goes first."""
        return self.arguments(NoQuery, location="query", as_kwargs=True)(view)


class Api(flask_smorest.Api):
    """An API that answers errors with problem documents."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_RESPONSE_CONTENT_TYPE = problems.MEDIA_TYPE
    DEFAULT_ERROR_RESPONSE_NAME = "Problem"

    def init_app(self, app: Flask, **kwargs: Any) -> None:
        """Register the API, and the parts of the document that routes refer to."""
        super().init_app(app, **kwargs)
        components = self.spec.components
        for name, header in headers.DOCUMENTED.items():
            components.header(name, header)
        components.response("Problem", _problem_response("Something else went wrong."))
        for status, meaning in problems.MEANINGS.items():
            components.response(component(status), _problem_response(meaning, status))

    def handle_http_exception(self, error: Any) -> Any:
        """Answer an HTTPException."""
        return problems.http_problem(error)


COMMON_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in headers.DOCUMENTED}


def component(status: int) -> str:
    """Return the name of a problem among the document's components, like "NotFound"."""
    return problems.title(status).replace(" ", "")


def _problem_response(meaning: str, status: int | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": ProblemSchema}
    if status:
        content["example"] = problems.document(status, meaning)
    return {
        "description": meaning,
        "headers": COMMON_HEADERS,
        "content": {problems.MEDIA_TYPE: content},
    }
