"""Validates responses against the OpenAPI document."""

import gzip
import json
import re
from functools import cache

from jsonschema import Draft202012Validator

#: Header fields that a response has only if they are documented.
OURS = {
    *("ETag", "Link", "Location", "X-Total-Count", "Idempotency-Replayed", "Retry-After"),
    *("WWW-Authenticate", "Accept-Patch", "Cache-Control", "Vary", "Content-Encoding"),
    "Content-Disposition",
}


class Document:
    """An OpenAPI document."""

    def __init__(self, document):
        self.document = document
        paths = sorted(document["paths"], key=lambda path: "{" in path)
        self._patterns = [(re.sub("{.*?}", "[0-9]+", path), path) for path in paths]
        self.validator = cache(self._validator)

    def operation(self, method, path):
        """Return the operation of a request, or None."""
        path = path.removesuffix("/") if path.count("/") == 2 else path
        for pattern, name in self._patterns:
            if re.fullmatch(pattern, path):
                return self.document["paths"][name].get(method.lower().replace("head", "get"))
        return None

    def resolve(self, value):
        """Resolve a reference."""
        found = self.document
        for part in value["$ref"].split("/")[1:] if "$ref" in value else ():
            found = value = found[part]
        return value

    def validate(self, schema, value):
        """Validate a value with a schema of the document."""
        _check(Draft202012Validator({**schema, "components": self.document["components"]}), value)

    def check(self, response):
        """Validate the status, header fields and body of a response."""
        operation = self.operation(response.request.method, response.request.path)
        if not operation:
            assert response.status_code in (200, 404, 405), response.request
            return
        status = str(response.status_code)
        name = status if status in operation["responses"] else f"{status[0]}XX"
        documented = self.resolve(operation["responses"][name])
        assert OURS & set(response.headers.keys()) <= set(documented["headers"])
        content = documented.get("content", {})
        if content and response.request.method != "HEAD":
            kind = response.content_type.partition(";")[0]
            assert kind in content, (kind, content)
            if kind in ("application/json", "application/problem+json"):
                value = json.loads(plain(response))
                value = value[:20] if isinstance(value, list) else value
                _check(self.validator(operation["operationId"], name, kind), value)

    def _validator(self, operation_id, status, kind):
        [operation] = [
            operation
            for path in self.document["paths"].values()
            for operation in path.values()
            if isinstance(operation, dict) and operation.get("operationId") == operation_id
        ]
        schema = self.resolve(operation["responses"][status])["content"][kind]["schema"]
        return Draft202012Validator({**schema, "components": self.document["components"]})


def plain(response):
    """Return the decompressed body of a response."""
    is_compressed = response.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(response.data) if is_compressed else response.data


def _check(validator, value):
    """Validate a value. The error message leaves out the whole document."""
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)] == []
