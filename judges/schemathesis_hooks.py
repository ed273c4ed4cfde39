"""What schemathesis cannot know of valid requests: made-up values that are rightly refused."""

import uuid

import schemathesis
from schemathesis import GenerationMode


@schemathesis.hook
def before_call(context, case, kwargs):
    """Leave out made-up places, which only a Link can give, and references; use a key once.

    Items to change get ids that differ.
    """
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
