"""What schemathesis cannot know of valid requests: made-up values that are rightly refused."""

import uuid

import schemathesis
from schemathesis import GenerationMode


@schemathesis.hook
def before_call(context, case, kwargs):
    """Leave out made-up cursors, which only a Link can give, and references; use a key once."""
    if case.meta and case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    case.query.pop("cursor", None)
    for item in case.body if isinstance(case.body, list) else [case.body]:
        if isinstance(item, dict):
            item.pop("thing_id", None)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
