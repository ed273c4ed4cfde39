"""Converts rows and pages of rows to responses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, make_response, request
from webargs.flaskparser import abort

from flask_things.db.session import db
from flask_things.http import pagination
from flask_things.http.error_codes import Code, Message
from flask_things.http.json_provider import array
from flask_things.resource.collection import Stored
from flask_things.resource.declaration import Declaration


@contextmanager
def cursor_checked() -> Iterator[None]:
    """Turn a ValueError into a 422 for the cursor during the block."""
    try:
        yield
    except ValueError as error:
        abort(422, messages={"query": {"cursor": [Message(str(error), Code.CURSOR)]}})


class Pages(Declaration):
    """A resource that can respond with rows and pages."""

    def answer_page(self, **parameters: Any) -> Any:
        """Return the response to a request for a page, and its header fields.

        `parameters` are those of the query. An operation may restrict the selection further.
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
    ) -> tuple[bytes, dict[str, str]]:
        with cursor_checked():
            after = self.page.place(cursor, sort, selection) if cursor is not None else None
        page = self.collection.page(
            db.session, sort=sort, limit=limit, total=total, after=after, **selection
        )
        headers = {} if page.total is None else {"X-Total-Count": str(page.total)}
        if page.has_next:
            following = self.page.cursor_after(page.rows[-1], sort, selection)
            headers |= pagination.next_link(endpoint, following)
        return array(page.items), headers

    def _first_page(self) -> Response:
        """Return the response to a GET without parameters, which is the target of a POST."""
        return make_response(*self._page(f"{self.name}.list_page", **self.page.load({})))

    def _represent(self, row: Stored) -> Response:
        return make_response(self.write_row(row))
