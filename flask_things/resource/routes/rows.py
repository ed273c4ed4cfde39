"""The list, and operations on one row."""

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
        returns="One page of {many}.",
        query="page",
        many=True,
        headers=page_headers,
        tagged=True,
        reads="rows",
    )
    def list_page(self, **parameters: Any) -> Any:
        """List {many}

        Returns one page. If more {many} follow, `Link` has the URL of the next page. Changes by
        other clients never make a page skip or repeat {a_one} that stays.
        """
        return self.answer_page(**parameters)

    @operation(
        "POST /{name}",
        "create{One}",
        returns="The new {one}.",
        body="input",
        status=201,
        tagged=True,
        idempotent=True,
        headers=location,
        links=links,
    )
    def create(self, body: dict[str, Any], preconditions: Preconditions) -> Any:
        """Create {a_one}

        `Location` is the URL of the new {one}. Send an `Idempotency-Key` to make a retry safe.
        `If-Match` and `If-None-Match` are compared with the `ETag` of `GET /{name}`.
        """
        expect = preconditions.check_for(self._first_page)
        row = self.collection.create(db.session, expect=expect, **body)
        url = url_for(f"{self.name}.get", **{self.words["parameter"]: row.id})
        return row, {"Location": url}

    @operation(
        "GET /{name}/<id:{parameter}>", "get{One}", returns="The {one}.", tagged=True, reads="row"
    )
    def get(self, row_id: int) -> Stored:
        """Get {a_one}

        Send the last `ETag` as `If-None-Match`: the response is 304 if the {one} has not changed.
        """
        return self.collection.get_written(db.session, row_id)

    @operation(
        "PUT /{name}/<id:{parameter}>",
        "replace{One}",
        returns="The {one} after the change.",
        body="input",
        tagged=True,
    )
    def replace(self, body: dict[str, Any], preconditions: Preconditions, row_id: int) -> Stored:
        """Replace {a_one}

        Replaces every field: one that is left out gets its default. Send `If-Match` to avoid
        overwriting the change of another client. An id that does not exist is 404: PUT never
        creates {a_one}.
        """
        expect = preconditions.check_for(self._represent)
        return self.collection.update(db.session, row_id, expect=expect, **body)

    @operation(
        "PATCH /{name}/<id:{parameter}>",
        "update{One}",
        returns="The {one} after the change.",
        body="patch",
        tagged=True,
    )
    def update(self, body: dict[str, Any], preconditions: Preconditions, row_id: int) -> Stored:
        """Change {a_one}

        The body is a JSON Merge Patch (RFC 7396): fields that are left out keep their values. Send
        `If-Match` to avoid overwriting the change of another client.
        """
        expect = preconditions.check_for(self._represent)
        return self.collection.update(db.session, row_id, expect=expect, **body)

    @operation(
        "DELETE /{name}/<id:{parameter}>",
        "delete{One}",
        returns="The {one} is deleted.",
        status=204,
        answer=None,
    )
    def delete(self, preconditions: Preconditions, row_id: int) -> None:
        """Delete {a_one}

        Moves the {one} to the trash, from which it can be restored. Its id is never reused.
        """
        expect = preconditions.check_for(self._represent)
        self.collection.delete(db.session, row_id, expect=expect)
