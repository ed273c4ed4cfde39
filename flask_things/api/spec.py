"""What the OpenAPI document derives for each operation: its problems and its `security`."""

from typing import Any

from apispec import APISpec, BasePlugin

from flask_things.api.components import COMMON_HEADERS, NO_STORE_HEADERS, PROBLEM_HEADERS
from flask_things.api.schemas import ProblemSchema
from flask_things.http import headers, problems

#: The schema of a problem, by reference: to resolve the class for each status takes 7 ms per start.
PROBLEM = {"$ref": "#/components/schemas/Problem"}

#: The responses for all statuses of a range that an operation does not list, with one such status.
RANGES = {
    "4XX": ("ClientError", 431, "The request is wrong."),
    "5XX": ("ServerError", 500, "The server failed."),
}


class Plugin(BasePlugin):
    """An apispec plugin; an operation that has its own `security` is open to everybody."""

    def __init__(self, auth_mode: str, *, is_limited: bool) -> None:
        """Keep what THINGS_AUTH is, and whether there is a rate limit."""
        self.auth_mode, self.is_limited = auth_mode, is_limited

    def init_spec(self, spec: APISpec) -> None:
        """Register what operations refer to; of the problems only those that are used."""
        components = spec.components
        components.schema("Problem", schema=ProblemSchema)
        for name, header in headers.DOCUMENTED.items():
            components.header(name, header)
        if self.auth_mode != "off":
            components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
        named = [(component(status), status, text) for status, text in problems.MEANINGS.items()]
        for name, status, meaning in [*named, *RANGES.values()]:
            components.response(name, _problem_response(status, meaning), lazy=True)

    def operation_helper(
        self, path: str | None = None, operations: dict[Any, Any] | None = None, **_kwargs: Any
    ) -> None:
        """Add the `security` and the problems of each operation, and sort its responses."""
        for method, operation in (operations or {}).items():
            is_open, is_write = "security" in operation, method != "get"
            has_token = self.auth_mode != "off" and not is_open
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            applies = [
                ("requestBody" in operation, (400, 408, 413, 415)),
                (has_token, (401,)),
                (has_token and is_write, (403,)),
                ("{" in str(path), (404,)),
                ("If-Match" in names, (412,)),
                (not is_open, (422, 503)),
                (not is_open and self.is_limited, (429,)),
                (is_write, (507,)),
            ]
            responses = operation["responses"]
            for is_met, statuses in applies:
                responses |= {status: component(status) for status in statuses if is_met}
            responses |= {statuses: name for statuses, (name, *_) in RANGES.items()}
            operation["responses"] = dict(sorted(responses.items(), key=lambda item: str(item[0])))
            operation["security"] = [{"bearer": []}] if has_token else []
            if has_token and self.auth_mode == "write" and not is_write:
                operation["security"].append({})


def component(status: int) -> str:
    """Return the name of a problem among the document's components, like "NotFound"."""
    return problems.title(status).replace(" ", "")


def _problem_response(status: int, meaning: str) -> dict[str, Any]:
    detail = "Missing data for required field."
    errors = [{"code": "required", "detail": detail, "pointer": "#/text"}]
    example = problems.document(status, meaning, errors if status == 422 else [])
    return {
        "description": meaning,
        "headers": {**PROBLEM_HEADERS.get(status, {}), **NO_STORE_HEADERS, **COMMON_HEADERS},
        "content": {problems.MEDIA_TYPE: {"schema": PROBLEM, "example": example}},
    }
