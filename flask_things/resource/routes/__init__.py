"""The operations of a resource: URLs, statuses and documentation."""

from functools import cached_property
from itertools import takewhile

from flask_things.api.blueprint import Blueprint
from flask_things.resource.operations import register
from flask_things.resource.routes.bulk import Bulk
from flask_things.resource.routes.changes import Changes
from flask_things.resource.routes.exports import Exports
from flask_things.resource.routes.rows import Rows
from flask_things.resource.routes.undo import Undo


class Resource(Undo, Changes, Exports, Bulk, Rows):
    """A resource with its operations.

    A subclass may override them, or add more with `@operation`.
    """

    def check_access(self) -> None:
        """Raise an HTTPException such as Forbidden if the client may not send this request.

        It is called before any other part of the request is read. By default only tokens decide.
        """

    @cached_property
    def blueprint(self) -> Blueprint:
        """A blueprint with all operations, which several applications may share."""
        is_guarded = type(self).check_access is not Resource.check_access
        blp = Blueprint(
            self.name,
            __name__,
            description=self.description,
            check_access=self.check_access if is_guarded else None,
        )
        register(self, blp, reads_one_table=self._reads_one_table())
        return blp

    def _reads_one_table(self) -> bool:
        """Return whether responses with rows depend only on this table.

        A subclass that overrides something may read other tables. And if a value must be unique,
        SQLite's INSERT OR REPLACE removes a row without triggers, and so without a journal entry.
        """
        kinds = takewhile(lambda kind: kind is not Resource, type(self).__mro__)
        own = {name for kind in kinds for name in vars(kind) if not name.startswith("__")}
        is_overridden = any(hasattr(Resource, name) for name in own)
        return self.is_plain and not (is_overridden or self.collection.constraints.unique)
