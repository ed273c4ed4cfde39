"""Names of values that layers leave for each other in the WSGI environ of a request."""

#: Whether the response cache had the response: "hit" or "miss". Absent if it is not cacheable.
CACHE = "flask_things.cache"

#: The table that a response was read from, and the row's id, or None for any rows. Absent if the
#: response may depend on anything in the database.
SOURCE = "flask_things.source"

#: When a cached response expires, in seconds since the epoch. Absent if it does not expire.
KEPT_UNTIL = "flask_things.kept_until"

#: The route, as a URL rule.
ROUTE = "flask_things.route"

#: The name of the client's token. It is not secret.
TOKEN_NAME = "flask_things.token_name"  # noqa: S105

#: The owner of Idempotency-Keys. Absent if all clients share them.
KEY_OWNER = "flask_things.key_owner"

#: The SHA-256 of the body of a request with an Idempotency-Key.
BODY_DIGEST = "flask_things.body_digest"

#: The seconds that a request has spent, by activity.
SPENT = "flask_things.spent"

#: Present if the response stays open until the client disconnects.
STREAM = "flask_things.stream"
