"""Operations on many rows at once, all or nothing."""

from typing import Any

from webargs.flaskparser import abort

from flask_things.api.problem_responses import component
from flask_things.db.session import db
from flask_things.http.error_codes import Code, Message
from flask_things.http.preconditions import Preconditions
from flask_things.http.request_schemas import SharedSchema
from flask_things.resource.bulk import MissingRows
from flask_things.resource.operations import operation
from flask_things.resource.routes.pages import Pages
from flask_things.resource.schemas.queries import Ids

#: The response to a request with ids that do not exist.
MISSING = {404: component(404)}


def _missing(row_id: int) -> Message:
    return Message(f"There is no row with the id {row_id}.", Code.NOT_FOUND)


class IdsQuery(SharedSchema):
    """The ids of the rows. They are required, so no request means "all rows"."""

    ids = Ids(data_key="id", required=True, metadata={"description": "Comma-separated ids."})


class Bulk(Pages):
    """The operations on many rows."""

    @operation(
        "POST /{name}/bulk",
        "create{Many}",
        returns="The new {many}.",
        body="input",
        many=True,
        status=201,
        idempotent=True,
    )
    def create_many(self, body: list[dict[str, Any]], preconditions: Preconditions) -> Any:
        """Create many {many}

        Creates all of them or none. The response lists them in the order of the request. Send an
        `Idempotency-Key` to make a retry safe. `If-Match` and `If-None-Match` are compared with the
        `ETag` of `GET /{name}`.
        """
        items = (body.pop(0) for _ in range(len(body)))  # frees each item as it is used
        expect = preconditions.check_for(self._first_page)
        return self.collection.create_many(db.session, items, expect=expect)

    @operation(
        "PATCH /{name}/bulk",
        "update{Many}",
        returns="The {many} after the change.",
        body="item_patch",
        many=True,
        responses=MISSING,
    )
    def update_many(self, body: list[dict[str, Any]], preconditions: Preconditions) -> Any:
        """Change many {many}

        Changes all of them or none. Each item has the `id` of {a_one} and the fields to change, as
        in a JSON Merge Patch (RFC 7396); no two items may have the same id. The response lists the
        {many} in the order of the request. `If-Match` and `If-None-Match` are compared with the
        `ETag` of `GET /{name}`.
        """
        expect = preconditions.check_for(self._first_page)
        try:
            return self.bulk.update(db.session, body, expect=expect)
        except MissingRows as error:
            wrong = {place: {"id": [_missing(row_id)]} for place, row_id in error.ids.items()}
            abort(404, message=str(error), messages={"json": wrong})

    @operation(
        "DELETE /{name}/bulk",
        "delete{Many}",
        returns="The {many} are deleted.",
        query=IdsQuery(),
        status=204,
        answer=None,
        responses=MISSING,
    )
    def delete_many(self, preconditions: Preconditions, ids: list[int]) -> None:
        """Delete many {many}

        Moves all of them to the trash, or none. `If-Match` and `If-None-Match` are compared with
        the `ETag` of `GET /{name}`.
        """
        expect = preconditions.check_for(self._first_page)
        try:
            self.bulk.delete(db.session, ids, expect=expect)
        except MissingRows as error:
            missing = [_missing(row_id) for row_id in error.ids.values()]
            abort(404, message=str(error), messages={"query": {"id": missing}})
