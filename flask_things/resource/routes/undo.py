"""Operations on deleted rows and old versions."""

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
        returns="One page of deleted {many}.",
        query=Paging(),
        answer="deleted",
        many=True,
        headers=lambda words: link(words, "/trash"),
        tagged=True,
        kept=False,
    )
    def list_trash(self, **paging: Any) -> Any:
        """List deleted {many}

        The most recently deleted comes first. Deleted {many} are kept for a limited time: 30 days
        by default.
        """
        return self._history(self.trash.page, "trash", **paging)

    @operation(
        "POST /{name}/<id:{parameter}>/restore",
        "restore{One}",
        returns="The restored {one}.",
        tagged=True,
    )
    def restore(self, preconditions: Preconditions, row_id: int) -> Stored:
        """Restore {a_one} from the trash

        The {one} gets back its id and `created_at`, and a new `updated_at`. If it is not in the
        trash but exists, it is returned unchanged, so a retry is safe. A body is ignored.
        `If-Match` fails if the {one} is in the trash.
        """
        expect = preconditions.check_for(self._represent)
        return self.trash.restore(db.session, row_id, expect=expect)

    @operation(
        "DELETE /{name}/trash/<id:{parameter}>",
        "erase{One}",
        returns="The {one} is erased.",
        status=204,
        answer=None,
        can_conflict=False,
    )
    def erase(self, preconditions: Preconditions, row_id: int) -> None:
        """Delete {a_one} in the trash permanently

        Erases its fields and all of its versions. This cannot be undone. `If-Match` always fails.
        """
        self.trash.erase(db.session, row_id, expect=preconditions.check_for(self._represent))

    @operation(
        "GET /{name}/<id:{parameter}>/versions",
        "list{One}Versions",
        returns="One page of versions of the {one}.",
        query=Paging(),
        answer="version",
        many=True,
        headers=lambda words: link(words, "/1/versions"),
        tagged=True,
        kept=False,
    )
    def list_versions(self, row_id: int, **paging: Any) -> Any:
        """List the versions of {a_one}

        The newest comes first. Each version is the {one} as a change left it, or null after a
        deletion. Old versions are kept for a limited time, 30 days by default. To return to one,
        PUT it.
        """
        read = partial(self.versions.page, row_id=row_id)
        return self._history(read, f"versions of {row_id}", **paging)

    def _history(
        self, read: Callable[..., Page], what: str, *, limit: int, cursor: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return the response with a page, and the Link to the next one."""
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
