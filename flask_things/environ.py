"""What one layer notes in the WSGI environment of a request for another one: the names."""

#: Whether the response cache had the response: "hit" or "miss". Absent if it may not be kept.
CACHE = "flask_things.cache"

#: The table that a response was read from, and the id of the row, or None for any rows of it.
#: Absent if it may depend on anything in the database.
SOURCE = "flask_things.source"

#: Until when a response may be kept, in seconds since the epoch. Absent: for ever.
KEPT_UNTIL = "flask_things.kept_until"

#: The route, as a URL rule.
ROUTE = "flask_things.route"

#: The name of the token that was sent. It is no secret.
TOKEN_NAME = "flask_things.token_name"  # noqa: S105

#: The client that owns an Idempotency-Key. Absent if all clients share the keys.
KEY_OWNER = "flask_things.key_owner"

#: The SHA-256 of the body, if an Idempotency-Key was sent.
BODY_DIGEST = "flask_things.body_digest"

#: The seconds that a request spent, by what for.
SPENT = "flask_things.spent"

#: Whether the response stays open for as long as its client wants. Absent if not.
STREAM = "flask_things.stream"
