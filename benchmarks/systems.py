"""The systems: how each is started and filled, and which requests it gets.

In a command, {bin} is the folder of the programs, and {port} the port. Each system runs in its own
folder.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
#: The programs of the service and of its peers.
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class System:
    """A server, as it ships."""

    title: str
    processes: str
    #: Its defaults that matter for a comparison.
    ships: str
    #: The commands that create the database and its tables.
    prepare: tuple[str, ...]
    serve: str
    #: The database file in its folder, and the INSERT of a thing: :id, :text, :moment.
    database: str
    insert: str
    #: A path that is 200 as soon as the system serves requests.
    ready: str = "/things"
    #: Paths. That of the list returns 100 things.
    create: str = "/things"
    many: str = "/things"
    one: str = "/things/%d"
    replace: str = "PUT"
    #: The key of the things in the document of a list, or "" if the document is the list.
    key: str = ""
    #: How many things the table of a list has; None if lists have pages.
    listed: int | None = None
    #: Whether every response is the same.
    is_constant: bool = False


INSERT = "INSERT INTO thing (id, text) VALUES (:id, :text)"
INSERT_OURS = """
    INSERT INTO thing (id, text, created_at, updated_at, revision)
    VALUES (:id, :text, :moment, :moment, 1)
"""
INSERT_RECORD = """
    INSERT INTO things (id, text, created, updated)
    VALUES (printf('%015d', :id), :text, :moment || 'Z', :moment || 'Z')
"""

SYSTEMS = {
    "ours": System(
        title="flask-things",
        processes="2 workers of gunicorn",
        ships="SQLite in WAL mode, synchronous FULL; an access log.",
        prepare=("{bin}/flask --app flask_things db upgrade",),
        serve="{bin}/python -m flask_things",
        database="data/db.sqlite3",
        insert=INSERT_OURS,
        ready="/readyz",
    ),
    "tutorial": System(
        title="the tutorial's stack",
        processes="2 workers of uvicorn",
        ships="FastAPI, async SQLAlchemy and aiosqlite. SQLite with a rollback journal, "
        "synchronous FULL; an access log. It has no pages: for lists, its table has 100 things.",
        prepare=(
            "{bin}/python -c 'import asyncio, tutorial; asyncio.run(tutorial.create_tables())'",
        ),
        serve="{bin}/uvicorn tutorial:app --workers 2 --port {port}",
        database="db.sqlite3",
        insert=INSERT,
        listed=100,
        ready="/things/0",
    ),
    "drf": System(
        title="Django REST Framework",
        processes="2 workers of gunicorn with 4 threads each",
        ships="SQLite with a rollback journal, synchronous FULL; a connection for each request, "
        "and no access log. Its pages have a total.",
        prepare=(f"{{bin}}/python {PEERS}/drf.py",),
        serve="{bin}/gunicorn drf:application --workers 2 --worker-class gthread --threads 4 "
        "--bind 127.0.0.1:{port}",
        database="db.sqlite3",
        insert=INSERT,
        ready="/",
        create="/things/",
        many="/things/",
        one="/things/%d/",
        key="results",
    ),
    "pocketbase": System(
        title="PocketBase",
        processes="1 process, whose threads use every core",
        ships="SQLite in WAL mode, synchronous NORMAL: the last writes can be lost with the power. "
        "Every request is logged into a second database; the rate limits are off. Lists are "
        "requested without a total, and a thing is replaced with PATCH.",
        prepare=(
            f"{{bin}}/pocketbase migrate up --migrationsDir {PEERS}/pb_migrations",
            # Without one, the start opens a browser.
            "{bin}/pocketbase superuser upsert benchmark@example.com benchmark-password",
        ),
        serve="{bin}/pocketbase serve --http 127.0.0.1:{port}",
        database="pb_data/data.db",
        insert=INSERT_RECORD,
        ready="/api/health",
        create="/api/collections/things/records",
        many="/api/collections/things/records?perPage=100&skipTotal=1",
        one="/api/collections/things/records/%015d",
        replace="PATCH",
        key="items",
    ),
    "bare": System(
        title="bare gunicorn",
        processes="2 workers of gunicorn",
        ships="The limit: a function that returns the bytes that flask-things would return, under "
        "flask-things' own `gunicorn.conf.py`.",
        prepare=("{bin}/flask --app flask_things db upgrade",),
        serve=f"{{bin}}/python -m flask_things --pythonpath {PEERS} bare:app",
        database="data/db.sqlite3",
        insert=INSERT_OURS,
        ready="/things/1",
        is_constant=True,
    ),
    "flask": System(
        title="bare Flask",
        processes="2 workers of gunicorn",
        ships="The floor of the stack: a Flask route with one `sqlite3` statement and one "
        "`json.dumps`, under flask-things' own `gunicorn.conf.py`. SQLite in WAL mode, synchronous "
        "FULL; an access log. Its table has no times and no index.",
        prepare=(f"{{bin}}/python {PEERS}/bare_flask.py",),
        serve=f"{{bin}}/python -m flask_things --pythonpath {PEERS} bare_flask:app",
        database="bare.sqlite3",
        insert=INSERT,
        ready="/things/1",
    ),
}
