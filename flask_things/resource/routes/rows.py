"""A list, and what clients do with one row: create, get, replace, change, delete."""

from typing import Any

from flask import url_for

from flask_things.api.components import links, location, page_headers
from flask_things.db.session import db
from flask_things.http.preconditions import Preconditions
from flask_things.resource.collection import Stored
from flask_things.resource.operations import operation
from flask_things.resource.routes.pages import Pages


class Rows(Pages):
    """The operations on a list and on one row."""

    @operation(
        "GET /{name}",
        "list{Many}",
        query="page",
        many=True,
        headers=page_headers,
        tagged=True,
        reads="rows",
    )
    def list_page(self, **parameters: Any) -> Any:
        """List {many}

        They come in pages. Rows that others create and delete never make a page skip or repeat one
        that stays.
        """
        return self.answer_page(**parameters)

    @operation(
        "POST /{name}",
        "create{One}",
        body="input",
        status=201,
        tagged=True,
        idempotent=True,
        headers=location,
        links=links,
    )
    def create(self, body: dict[str, Any], preconditions: Preconditions) -> Any:
        """Create {a_one}

        With an `Idempotency-Key` the request can be repeated safely. `If-Match` and
        `If-None-Match` are compared with the ETag of `GET /{name}`.
        """
        expect = preconditions.of(self._first_page)
        row = self.collection.create(db.session, expect=expect, **body)
        url = url_for(f"{self.name}.get", **{self.words["parameter"]: row.id})
        return row, {"Location": url}

    @operation("GET /{name}/<id:{parameter}>", "get{One}", tagged=True, reads="row")
    def get(self, row_id: int) -> Stored:
        """Get {a_one}

        With `If-None-Match` only if it has changed.
        """
        return self.collection.get(db.session, row_id)

    @operation("PUT /{name}/<id:{parameter}>", "replace{One}", body="input", tagged=True)
    def replace(self, body: dict[str, Any], preconditions: Preconditions, row_id: int) -> Stored:
        """Replace {a_one}

        It never creates one: an id that the service has not assigned is 404.
        """
        expect = preconditions.of(self._represent)
        return self.collection.update(db.session, row_id, expect=expect, **body)

    @operation("PATCH /{name}/<id:{parameter}>", "update{One}", body="patch", tagged=True)
    def update(self, body: dict[str, Any], preconditions: Preconditions, row_id: int) -> Stored:
        """Change {a_one}

        The body is a JSON Merge Patch (RFC 7396).
        """
        expect = preconditions.of(self._represent)
        return self.collection.update(db.session, row_id, expect=expect, **body)

    @operation("DELETE /{name}/<id:{parameter}>", "delete{One}", status=204, answer=None)
    def delete(self, preconditions: Preconditions, row_id: int) -> None:
        """Delete {a_one}

        Its id is never assigned again.
        """
        expect = preconditions.of(self._represent)
        self.collection.delete(db.session, row_id, expect=expect)
