"""What clients do with many rows at once, all or nothing."""

from typing import Any

from flask_things.db.session import db
from flask_things.http.preconditions import Preconditions
from flask_things.resource.operations import operation
from flask_things.resource.routes.pages import Pages


class Bulk(Pages):
    """The operations on many rows."""

    @operation(
        "POST /{name}/bulk", "create{Many}", body="input", many=True, status=201, idempotent=True
    )
    def create_many(self, body: list[dict[str, Any]], preconditions: Preconditions) -> Any:
        """Create many {many}

        All of them or none. The response has them in the order of the request. With an
        `Idempotency-Key` the request can be repeated safely. `If-Match` and `If-None-Match` are
        compared with the ETag of `GET /{name}`.
        """
        items = (body.pop(0) for _ in range(len(body)))  # so that none is in memory twice
        expect = preconditions.of(self._first_page)
        return self.collection.create_many(db.session, items, expect=expect)
