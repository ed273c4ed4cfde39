"""The API of an application: its error handling and its OpenAPI document."""

from collections.abc import Callable
from threading import Lock
from typing import Any

import flask_smorest
from flask import Flask

from flask_things.api import examples, spec
from flask_things.api.components import ID
from flask_things.api.converters import IdConverter
from flask_things.api.introduction import introduction
from flask_things.api.problem_responses import PROBLEM
from flask_things.http import problems


class Api(flask_smorest.Api):
    """An API that responds to errors with problem documents."""

    ERROR_SCHEMA = PROBLEM
    DEFAULT_RESPONSE_CONTENT_TYPE = problems.MEDIA_TYPE
    DEFAULT_ERROR_RESPONSE_NAME = None  # `default` would include successes

    def __init__(self, app: Flask) -> None:
        """Register the API."""
        self._lock = Lock()
        self._document: dict[str, Any] = {}
        self.undocumented: list[Callable[[], None]] = []
        is_limited = bool(app.config["THINGS_RATE_LIMIT"])
        plugin = spec.Plugin(app.config["THINGS_AUTH"], is_limited=is_limited)
        info = {
            "description": introduction(app.config["THINGS_AUTH"]),
            "contact": {"name": app.config["API_TITLE"]},
            "license": {"name": "MIT", "identifier": "MIT"},
        }
        options = {"info": info, "servers": [{"url": "/"}], "extra_plugins": [plugin]}
        super().__init__(app, spec_kwargs=options)
        app.url_map.converters["id"] = IdConverter
        self.register_converter(IdConverter, lambda _converter: ID)
        # describes flask-smorest's own pagination
        del self.spec.components.schemas["PaginationMetadata"]

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document, which the first call creates."""
        with self._lock:
            if self.undocumented:
                while self.undocumented:
                    self.undocumented.pop(0)()
                self._document = self.spec.to_dict()
                examples.complete(self._document)
            return self._document

    def handle_http_exception(self, error: Any) -> Any:
        """Return the problem for an HTTPException."""
        return problems.http_problem(error)
