"""Hooks for schemathesis: random values that are rightly rejected."""

import uuid

import schemathesis
from schemathesis import GenerationMode


@schemathesis.hook
def before_call(context, case, kwargs):
    """Remove random cursors, which only a Link can give, and references. Use each key once."""
    if case.meta and case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    for name in ("cursor", "since"):
        case.query.pop(name, None)
    case.headers.pop("Last-Event-ID", None)
    items = case.body if isinstance(case.body, list) else [case.body]
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            item.pop("thing_id", None)
            if "id" in item and len(items) > 1:
                item["id"] = number
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
