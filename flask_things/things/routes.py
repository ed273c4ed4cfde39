"""The API for things: URLs, statuses, documents."""

from functools import partial
from typing import Any

from flask import Response, jsonify, make_response, url_for
from flask.views import MethodView

from flask_things.api.blueprint import Blueprint
from flask_things.api.components import EXPORT, FILE, LINKS, LOCATION, PAGE_HEADERS, REPLAYED
from flask_things.db.session import db
from flask_things.http import pagination
from flask_things.http.preconditions import Preconditions
from flask_things.resource import collection
from flask_things.resource.parameters import PageSchema, SelectionSchema
from flask_things.resource.transfer import exports
from flask_things.things.schemas import SCHEMAS

blp = Blueprint("things", __name__, description="Create, read, update and delete things.")


def _thing(thing: collection.Stored) -> Response:
    return jsonify(SCHEMAS.output().dump(thing))


def _page(sort: str, q: str, **selection: Any) -> tuple[Any, dict[str, str]]:
    page = collection.list_page(db.session, sort=sort, q=q, **selection)
    last = page.things[-1] if page.has_next else None
    return page.things, pagination.page_headers("things.Things", last, sort, q, page.total)


def _first_page() -> Response:
    """Return what GET /things answers: the target of a POST."""
    things, headers = _page(**PageSchema().load({}))
    return make_response(jsonify(SCHEMAS.output(many=True).dump(things)), headers)


@blp.route("/things", strict_slashes=False)
class Things(MethodView):
    """All things."""

    @blp.doc(operationId="listThings")
    @blp.conditional(PAGE_HEADERS)
    @blp.arguments(PageSchema(), location="query", as_kwargs=True)
    @blp.response(200, SCHEMAS.output(many=True), headers=PAGE_HEADERS, tagged=True)
    def get(self, **selection: Any) -> Any:
        """List things

        They come in pages. While others come and go, no page leaves out or repeats one that stays.
        """
        return _page(**selection)

    @blp.doc(operationId="createThing", responses={201: {"links": LINKS}})
    @blp.body(SCHEMAS.input)
    @blp.no_query
    @blp.preconditions
    @blp.idempotent
    @blp.response(201, SCHEMAS.output, headers={**LOCATION, **REPLAYED}, tagged=True)
    def post(self, body: dict[str, str], preconditions: Preconditions) -> Any:
        """Create a thing

        With an `Idempotency-Key` it can be sent again without being done again. The ETag that
        `If-Match` and `If-None-Match` are compared with is that of `GET /things`.
        """
        thing = collection.create_thing(db.session, **body, expect=preconditions.of(_first_page))
        return thing, {"Location": url_for("things.OneThing", thing_id=thing.id)}


@blp.route("/things/<id:thing_id>")
class OneThing(MethodView):
    """One thing."""

    @blp.doc(operationId="getThing")
    @blp.conditional()
    @blp.no_query
    @blp.response(200, SCHEMAS.output, tagged=True)
    def get(self, thing_id: int) -> collection.Stored:
        """Get a thing

        With `If-None-Match` only if it is another than the client has.
        """
        return collection.get_thing(db.session, thing_id)

    @blp.doc(operationId="replaceThing")
    @blp.body(SCHEMAS.input)
    @blp.no_query
    @blp.preconditions
    @blp.response(200, SCHEMAS.output, tagged=True)
    def put(
        self, body: dict[str, str], preconditions: Preconditions, thing_id: int
    ) -> collection.Stored:
        """Replace a thing

        It is never created: an id that was not given by the server is 404.
        """
        expect = preconditions.of(_thing)
        return collection.update_thing(db.session, thing_id, expect=expect, **body)

    @blp.doc(operationId="updateThing")
    @blp.body(SCHEMAS.patch)
    @blp.no_query
    @blp.preconditions
    @blp.response(200, SCHEMAS.output, tagged=True)
    def patch(
        self, body: dict[str, str], preconditions: Preconditions, thing_id: int
    ) -> collection.Stored:
        """Change a thing

        The body is a JSON Merge Patch (RFC 7396).
        """
        expect = preconditions.of(_thing)
        return collection.update_thing(db.session, thing_id, expect=expect, **body)

    @blp.doc(operationId="deleteThing")
    @blp.no_query
    @blp.preconditions
    @blp.response(204)
    def delete(self, preconditions: Preconditions, thing_id: int) -> None:
        """Delete a thing

        Its id is never given again.
        """
        collection.delete_thing(db.session, thing_id, expect=preconditions.of(_thing))


@blp.route("/things/bulk", methods=["POST"])
@blp.doc(operationId="createThings")
@blp.body(SCHEMAS.input, many=True)
@blp.no_query
@blp.preconditions
@blp.idempotent
@blp.response(201, SCHEMAS.output(many=True), headers=REPLAYED)
def create_things(body: list[dict[str, str]], preconditions: Preconditions) -> Any:
    """Create many things

    All of them or none. They are answered in the order in which they were sent. With an
    `Idempotency-Key` they can be sent again without being done again. The ETag that `If-Match` and
    `If-None-Match` are compared with is that of `GET /things`.
    """
    things = (body.pop(0) for _ in range(len(body)))  # which are not needed twice in memory
    return collection.create_things(db.session, things, expect=preconditions.of(_first_page))


@blp.route("/things.ndjson")
@blp.doc(operationId="exportThingsAsNDJSON")
@blp.arguments(SelectionSchema(), location="query", as_kwargs=True)
@blp.response(200, EXPORT, content_type=exports.NDJSON)
@blp.alt_response(200, schema=FILE, content_type="application/octet-stream")
def export_ndjson(**selection: Any) -> Response:
    """Export things as NDJSON

    A line of JSON for each, all of one moment.
    """
    return exports.to_ndjson(
        SCHEMAS.output, partial(collection.export_things, db.session, **selection)
    )


@blp.route("/things.csv")
@blp.doc(operationId="exportThingsAsCSV")
@blp.arguments(SelectionSchema(), location="query", as_kwargs=True)
@blp.response(200, EXPORT, content_type=exports.CSV)
def export_csv(**selection: Any) -> Response:
    """Export things as CSV

    By RFC 4180, all of one moment.
    """
    return exports.to_csv(
        SCHEMAS.output, partial(collection.export_things, db.session, **selection)
    )
