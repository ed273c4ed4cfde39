"""What clients do with deleted rows and old versions."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request

from flask_things.api.components import link
from flask_things.db.session import db
from flask_things.http import pagination
from flask_things.http.json_provider import array
from flask_things.http.preconditions import Preconditions
from flask_things.resource.collection import Stored
from flask_things.resource.operations import operation
from flask_things.resource.page import Page
from flask_things.resource.parameters import Paging
from flask_things.resource.routes.pages import Pages, cursor_checked


class Undo(Pages):
    """The operations on the trash and on versions."""

    @operation(
        "GET /{name}/trash",
        "list{Many}InTrash",
        query=Paging(),
        answer="deleted",
        many=True,
        headers=link,
        tagged=True,
        kept=False,
    )
    def list_trash(self, **paging: Any) -> Any:
        """List deleted {many}

        The one deleted last comes first. They stay for `THINGS_KEEP_DAYS`.
        """
        return self._history(self.trash.page, "trash", **paging)

    @operation("POST /{name}/<id:{parameter}>/restore", "restore{One}", tagged=True)
    def restore(self, preconditions: Preconditions, row_id: int) -> Stored:
        """Restore {a_one} from the trash

        It gets back its id and `created_at`, and a new `updated_at`. One that exists is returned as
        it is, so the request can be repeated safely. A body is ignored. `If-Match` fails for one
        that is in the trash.
        """
        expect = preconditions.of(self._represent)
        return self.trash.restore(db.session, row_id, expect=expect)

    @operation(
        "DELETE /{name}/trash/<id:{parameter}>",
        "erase{One}",
        status=204,
        answer=None,
        can_conflict=False,
    )
    def erase(self, preconditions: Preconditions, row_id: int) -> None:
        """Delete {a_one} in the trash permanently

        Its fields and all of its versions are erased. `If-Match` fails.
        """
        self.trash.erase(db.session, row_id, expect=preconditions.of(self._represent))

    @operation(
        "GET /{name}/<id:{parameter}>/versions",
        "list{One}Versions",
        query=Paging(),
        answer="version",
        many=True,
        headers=link,
        tagged=True,
        kept=False,
    )
    def list_versions(self, row_id: int, **paging: Any) -> Any:
        """List the versions of {a_one}

        The newest comes first. Each shows what a change left: nothing, if it is a deletion. Those
        that were replaced within `THINGS_KEEP_DAYS` are there. To put one back, PUT it.
        """
        read = partial(self.versions.page, row_id=row_id)
        return self._history(read, f"versions of {row_id}", **paging)

    def _history(
        self, read: Callable[..., Page], what: str, *, limit: int, cursor: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return the response with a page, and the header field with the URL of the next one."""
        bound = f"{self.name} {what}"
        before = None
        if cursor is not None:
            with cursor_checked():
                _, before = pagination.decode(cursor, int, bound)
        page = read(db.session, limit=limit, before=before)
        if not page.has_next:
            return array(page.items), {}
        following = pagination.encode((None, page.rows[-1]._position), bound)
        return array(page.items), pagination.next_link(str(request.endpoint), following)
