"""The operations that clients call on a resource: URLs, statuses, documents. Each is here once."""

from flask_things.api.blueprint import Blueprint
from flask_things.resource.operations import register
from flask_things.resource.routes.bulk import Bulk
from flask_things.resource.routes.exports import Exports
from flask_things.resource.routes.rows import Rows


class Resource(Exports, Bulk, Rows):
    """A resource, with the operations that clients call.

    A subclass overrides one as any method, or adds its own with `@operation`.
    """

    def check_access(self) -> None:
        """Raise an HTTPException, such as Forbidden, for a request that the client may not send.

        It is called before anything else of the request is read. By default, tokens decide alone.
        """

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
