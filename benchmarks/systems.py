"""The systems: how each is started and filled, and how it is asked.

In a command, {ours} is the folder of this repository's programs, {bench} that of the peers', and
{port} the port to listen on. Each runs in a folder of its own.
"""

from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class System:
    """A server, as it ships."""

    title: str
    processes: str
    #: What else a reader must know to judge it.
    ships: str
    #: Make the database, with its tables.
    prepare: tuple[str, ...]
    serve: str
    #: The database in its folder, and how a thing gets into it: :id, :text, :moment.
    database: str
    insert: str
    #: Answers 200 as soon as requests are served.
    ready: str = "/things"
    #: Paths; of a list those of 100 things.
    create: str = "/things"
    many: str = "/things"
    one: str = "/things/%d"
    replace: str = "PUT"
    #: Where in the document of a list the things are; "" where the document is the list.
    key: str = ""
    #: How many things a list goes over; None where it has pages.
    listed: int | None = None
    #: Answers the same whatever is asked.
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
        prepare=("{ours}/flask --app flask_things db upgrade",),
        serve="{ours}/python -m flask_things",
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
            "{bench}/python -c 'import asyncio, tutorial; asyncio.run(tutorial.create_tables())'",
        ),
        serve="{bench}/uvicorn tutorial:app --workers 2 --port {port}",
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
        prepare=(f"{{bench}}/python {PEERS}/drf.py",),
        serve="{bench}/gunicorn drf:application --workers 2 --worker-class gthread --threads 4 "
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
        "Every request is logged into a second database; the rate limits are off. A list is "
        "asked for without its total, and a thing is replaced with PATCH.",
        prepare=(
            f"{{bench}}/pocketbase migrate up --migrationsDir {PEERS}/pb_migrations",
            # Without one, the start opens a browser.
            "{bench}/pocketbase superuser upsert benchmark@example.com benchmark-password",
        ),
        serve="{bench}/pocketbase serve --http 127.0.0.1:{port}",
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
        ships="The limit: a function that answers the bytes which flask-things would answer, under "
        "flask-things' own `gunicorn.conf.py`.",
        prepare=("{ours}/flask --app flask_things db upgrade",),
        serve=f"{{ours}}/python -m flask_things --pythonpath {PEERS} bare:app",
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
        prepare=(f"{{ours}}/python {PEERS}/bare_flask.py",),
        serve=f"{{ours}}/python -m flask_things --pythonpath {PEERS} bare_flask:app",
        database="bare.sqlite3",
        insert=INSERT,
        ready="/things/1",
    ),
}
