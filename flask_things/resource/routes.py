"""The operations that clients call on a resource: URLs, statuses, documents. Each is here once."""

from functools import partial
from typing import Any

from flask import Response, jsonify, make_response, request, url_for
from webargs.flaskparser import abort

from flask_things.api.blueprint import Blueprint
from flask_things.api.components import EXPORT, FILE, links, location, page_headers
from flask_things.db.session import db
from flask_things.http import pagination
from flask_things.http.preconditions import Preconditions
from flask_things.resource.collection import Stored
from flask_things.resource.declaration import Declaration
from flask_things.resource.operations import operation, register
from flask_things.resource.transfer import exports


class Resource(Declaration):
    """A resource, with the operations that clients call.

    A subclass overrides one as any method, or adds its own with `@operation`.
    """

    def check_access(self) -> None:
        """Raise an HTTPException, such as Forbidden, for a request that the client may not send.

        It is called before anything else of the request is read. By default, tokens decide alone.
        """

    @operation(
        "GET /{name}", "list{Many}", query="page", many=True, headers=page_headers, tagged=True
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

    @operation("GET /{name}/<id:{parameter}>", "get{One}", tagged=True)
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

    @operation(
        "GET /{name}.ndjson",
        "export{Many}AsNDJSON",
        query="selection",
        answer=EXPORT,
        content_type=exports.NDJSON,
        other_content={"application/octet-stream": FILE},
    )
    def export_ndjson(self, **selection: Any) -> Response:
        """Export {many} as NDJSON

        One JSON object per line, all from one snapshot.
        """
        read = partial(self.collection.export, db.session, **selection)
        return exports.to_ndjson(self.schemas.output, read)

    @operation(
        "GET /{name}.csv",
        "export{Many}AsCSV",
        query="selection",
        answer=EXPORT,
        content_type=exports.CSV,
    )
    def export_csv(self, **selection: Any) -> Response:
        """Export {many} as CSV

        RFC 4180 with a header line, all from one snapshot.
        """
        read = partial(self.collection.export, db.session, **selection)
        return exports.to_csv(self.schemas.output, read)

    def answer_page(self, **parameters: Any) -> Any:
        """Return the rows and the header fields of a page.

        `parameters` are those of the query; an operation may narrow the selection further.
        """
        return self._page(str(request.endpoint), **parameters)

    def _page(
        self,
        endpoint: str,
        /,
        *,
        sort: str,
        limit: int,
        total: bool,
        cursor: str | None = None,
        **selection: Any,
    ) -> tuple[Any, dict[str, str]]:
        try:
            after = self.page.place(cursor, sort, selection) if cursor is not None else None
        except ValueError as error:
            abort(422, messages={"query": {"cursor": [str(error)]}})
        page = self.collection.page(
            db.session, sort=sort, limit=limit, total=total, after=after, **selection
        )
        headers = {} if page.total is None else {"X-Total-Count": str(page.total)}
        if page.has_next:
            following = self.page.cursor_after(page.rows[-1], sort, selection)
            headers |= pagination.next_link(endpoint, following)
        return page.rows, headers

    def _first_page(self) -> Response:
        """Return what GET answers without parameters: the target of a POST."""
        rows, headers = self._page(f"{self.name}.list_page", **self.page.load({}))
        return make_response(jsonify(self.schemas.output(many=True).dump(rows)), headers)

    def _represent(self, row: Stored) -> Response:
        return jsonify(self.schemas.output().dump(row))

    def blueprint(self) -> Blueprint:
        """Return a blueprint with all operations."""
        blp = Blueprint(
            self.name,
            __name__,
            description=self.description,
            check_access=self.check_access,
        )
        register(self, blp)
        return blp
