"""Flask by hand, under the very settings of gunicorn that are used here: the floor of the stack.

A route is one statement of sqlite3 and one json.dumps. Nothing is validated, documented or tagged.
"""

import json
from functools import cache

from flask import Flask, request

from flask_things import create_app
from flask_things.db.sqlite.file import sqlite3
from flask_things.migrations import prepare

FILE = "bare.sqlite3"
routes = Flask(__name__)


@cache
def connection():
    """Return the connection of this process. Without a pragma, SQLite is synchronous FULL."""
    return sqlite3.connect(FILE, isolation_level=None)


def answer(found, status=200):
    """Answer with a document; None is 404."""
    if found is None:
        return "", 404
    return routes.response_class(json.dumps(found), status, mimetype="application/json")


def thing(statement, *parameters):
    """Execute a statement and return the row that it returns."""
    row = connection().execute(statement, parameters).fetchone()
    return row and {"id": row[0], "text": row[1]}


@routes.get("/things")
def many():
    """Answer with the first 100 things."""
    rows = connection().execute("SELECT id, text FROM thing ORDER BY id LIMIT 100")
    return answer([{"id": row[0], "text": row[1]} for row in rows])


@routes.get("/things/<int:thing_id>")
def one(thing_id):
    """Answer with a thing."""
    return answer(thing("SELECT id, text FROM thing WHERE id = ?", thing_id))


@routes.post("/things")
def create():
    """Store a thing."""
    text = request.json["text"]
    return answer(thing("INSERT INTO thing (text) VALUES (?) RETURNING id, text", text), 201)


@routes.put("/things/<int:thing_id>")
def replace(thing_id):
    """Replace a thing."""
    text = request.json["text"]
    return answer(
        thing("UPDATE thing SET text = ? WHERE id = ? RETURNING id, text", text, thing_id)
    )


if __name__ == "__main__":
    connection().execute("PRAGMA journal_mode = WAL")
    connection().execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
else:
    app = create_app()
    prepare(app)
    app.wsgi_app = routes.wsgi_app  # gunicorn's hooks still find the application and its database
