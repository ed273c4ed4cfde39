"""The API for things: URLs, statuses, documents."""

from typing import Any

from flask import url_for
from flask.views import MethodView

from flask_things import store
from flask_things.api import Blueprint
from flask_things.db import db
from flask_things.models import Thing
from flask_things.schemas import ThingInputSchema, ThingPatchSchema, ThingSchema

blp = Blueprint("things", __name__, description="Create, read, update and delete things.")

LOCATION = {
    "description": "The thing's URL.",
    "schema": {"type": "string", "format": "uri-reference", "examples": ["/things/1"]},
}


@blp.route("/things", strict_slashes=False)
class Things(MethodView):
    """All things."""

    @blp.doc(operationId="listThings")
    @blp.response(200, ThingSchema(many=True))
    @blp.problems(422, 503)
    @blp.no_query
    def get(self) -> Any:
        """List all things

        They come by id.
        """
        return store.list_things(db.session)

    @blp.doc(operationId="createThing")
    @blp.body(ThingInputSchema)
    @blp.response(201, ThingSchema, headers={"Location": LOCATION})
    @blp.problems(400, 413, 415, 422, 503, 507)
    @blp.no_query
    def post(self, body: dict[str, str]) -> Any:
        """Create a thing"""
        thing = store.create_thing(db.session, **body)
        return thing, {"Location": url_for("things.OneThing", thing_id=thing.id)}


@blp.route("/things/<id:thing_id>")
class OneThing(MethodView):
    """One thing."""

    @blp.doc(operationId="getThing")
    @blp.response(200, ThingSchema)
    @blp.problems(404, 422, 503)
    @blp.no_query
    def get(self, thing_id: int) -> Thing:
        """Get a thing"""
        return store.get_thing(db.session, thing_id)

    @blp.doc(operationId="replaceThing")
    @blp.body(ThingInputSchema)
    @blp.response(200, ThingSchema)
    @blp.problems(400, 404, 413, 415, 422, 503, 507)
    @blp.no_query
    def put(self, body: dict[str, str], thing_id: int) -> Thing:
        """Replace a thing

        It is never created: an id that was not given by the server is 404.
        """
        return store.update_thing(db.session, thing_id, **body)

    @blp.doc(operationId="updateThing")
    @blp.body(ThingPatchSchema)
    @blp.response(200, ThingSchema)
    @blp.problems(400, 404, 413, 415, 422, 503, 507)
    @blp.no_query
    def patch(self, body: dict[str, str], thing_id: int) -> Thing:
        """Change a thing

        The body is a JSON Merge Patch (RFC 7396).
        """
        return store.update_thing(db.session, thing_id, **body)

    @blp.doc(operationId="deleteThing")
    @blp.response(204)
    @blp.problems(404, 422, 503, 507)
    @blp.no_query
    def delete(self, thing_id: int) -> None:
        """Delete a thing

        Its id is never given again.
        """
        store.delete_thing(db.session, thing_id)
