"""An apispec plugin that derives parameters, problems and `security` of each operation."""

from typing import Any

from apispec import APISpec, BasePlugin
from marshmallow import RAISE

from flask_things.api import problem_responses
from flask_things.api.introduction import unwrapped
from flask_things.api.problem_responses import RANGES, component
from flask_things.api.schemas import ProblemSchema
from flask_things.http import headers

#: Where parameters are, in the order in which an operation lists them.
IN_ORDER = ("path", "query", "header", "cookie")

#: How clients get a token, for the documentation.
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "Enter a token, without the word Bearer. The administrator of the server "
    "creates tokens with `flask tokens create NAME`; `--read-only` makes one that cannot write. A "
    "token is shown only when it is created.",
}


class Plugin(BasePlugin):
    """The plugin. An operation with its own `security` is open to everyone."""

    def __init__(self, auth_mode: str, *, is_limited: bool) -> None:
        """Set the value of THINGS_AUTH, and whether there is a rate limit."""
        self.auth_mode, self.is_limited = auth_mode, is_limited

    def init_spec(self, spec: APISpec) -> None:
        """Register components. Only the used problems get into the document."""
        components = spec.components
        components.schema("Problem", schema=ProblemSchema)
        for name, header in headers.DOCUMENTED.items():
            components.header(name, header)
        if self.auth_mode != "off":
            components.security_scheme("bearer", BEARER)
        problem_responses.register(components)

    def schema_helper(
        self, name: str, definition: dict[str, Any], **kwargs: Any
    ) -> dict[str, Any] | None:
        """Return what apispec 6 leaves out of a schema that has a description."""
        is_strict = getattr(kwargs["schema"].Meta, "unknown", None) == RAISE
        return {"additionalProperties": False} if is_strict else None

    def path_helper(
        self,
        path: str | None = None,
        operations: dict[Any, Any] | None = None,
        parameters: list[dict[str, Any]] | None = None,
        **_kwargs: Any,
    ) -> None:
        """Describe the parameters of a path, and move them to each operation."""
        in_path = parameters if parameters is not None else []
        for parameter in in_path:
            one = parameter["name"].removesuffix("_id").replace("_", " ")
            parameter.setdefault("description", f"The id of the {one}.")
        for operation in (operations or {}).values() if in_path else ():
            operation["parameters"] = [*in_path, *operation.get("parameters", ())]
        in_path.clear()

    def operation_helper(
        self, path: str | None = None, operations: dict[Any, Any] | None = None, **_kwargs: Any
    ) -> None:
        """Add the `security` and problems of each operation, and sort its responses."""
        for method, operation in (operations or {}).items():
            operation.get("parameters", []).sort(key=lambda one: IN_ORDER.index(one["in"]))
            operation["description"] = unwrapped(operation.get("description", ""))
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
