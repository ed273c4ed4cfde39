"""Numbers that table, schema and URL share, each with its unit and its reason."""

#: The highest id: what SQLite's rowid and PostgreSQL's bigint can count to.
ID_MAX = 2**63 - 1

#: By how much of a text things are sorted, in characters: an index over whole ones would be too
#: big, and a cursor, which holds it, too long for a URL.
HEAD_CHARACTERS = 200

#: The largest body, in bytes: the longest text fits with every character escaped as a pair of
#: surrogates (12 bytes each), and there is room for the rest.
BODY_MAX_BYTES = 2 * 1024 * 1024

#: The largest body of a bulk call, in bytes.
BULK_BODY_MAX_BYTES = 16 * 1024 * 1024

#: How many things a bulk call makes at most. It holds the write lock meanwhile: with 16 MiB of
#: texts for seconds, most of which goes into their index.
BULK_MAX_ITEMS = 1000

#: How many values a body holds at most: arrays, objects and what is in them. A bulk of things has
#: 5 000, one of a resource with 30 fields 31 000; each may take 100 bytes, and an error, too.
BODY_MAX_VALUES = 32_000

#: How many things a page has where the client does not say, and at most.
PAGE_DEFAULT_ITEMS = 100
PAGE_MAX_ITEMS = 1000

#: The longest text to look for, in characters: it stands in a URL.
Q_MAX_CHARACTERS = 200

#: The longest Idempotency-Key, in characters.
KEY_MAX_CHARACTERS = 255

#: How many errors one answer lists: a hostile body must not be answered with a bigger one.
ERRORS_MAX = 100

#: How much chance is in a token, in bytes: too much to be guessed.
TOKEN_SECRET_BYTES = 32

#: The longest name of a token, in characters: it stands in a log.
TOKEN_NAME_MAX_CHARACTERS = 100

#: The longest time that a token may be good for, if it is not for ever, in days: a century.
TOKEN_DAYS_MAX = 36_500

#: How many connections to the database a worker keeps, and how many more it may open for a while.
CONNECTIONS = 16

#: What a worker keeps of answers at most, in bytes: the newest of one version of the database.
CACHE_MAX_BYTES = 6 * 1024 * 1024

#: How long that pauses which takes long in many steps, in seconds: the other requests of a worker
#: have their turn. Not 0: gevent would then look for new ones after 50 pauses only.
TURN_S = 0.0001

#: The largest header of a request in all, in bytes: what nginx takes. gunicorn limits each line.
HEADER_MAX_BYTES = 32 * 1024

#: How long the header of a request may take in all, and its body, in seconds: a 16 MiB bulk comes
#: in time over 5 Mbit/s.
HEADER_TIMEOUT_S = 15
BODY_TIMEOUT_S = 30

#: How long a client may take nothing of its answer, in seconds: an export keeps a connection to the
#: database meanwhile.
SEND_TIMEOUT_S = 30

#: How fast it has to take a large one after that, in bytes per second: it is in memory until then.
SEND_BYTES_PER_S = 64 * 1024

#: How long a connection is kept on which a refused body may still come, in seconds, so that its
#: client gets to read why.
LINGER_S = 5
