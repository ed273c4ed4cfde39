"""Database files, outside the application."""

from flask_things.db.session import db
from flask_things.db.sqlite.file import sqlite3
from tests.support.things import create_things

COMMAND = ("-m", "flask", "--app", "flask_things", "things")


def fill(app):
    """Store 5 002 things in 20 MB. The first two are numbers whose sum is 0."""
    with app.app_context():
        create_things(db.session, [{"text": "0"}, {"text": "0"}])
        for _ in range(5):
            create_things(db.session, [{"text": "x" * 1500}] * 1000)


def query(path, statement):
    """Return the single value that a statement selects."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchone()[0]
    finally:
        connection.close()


def files(folder):
    """Return the names of all files in a folder, including hidden ones."""
    return {path.name for path in folder.iterdir()}


def damage(path):
    """Overwrite pages in the middle of a closed database."""
    sqlite3.connect(path).close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096 * 20)


def change(file, statement, *parameters):
    """Change the database outside the application."""
    connection = sqlite3.connect(file)
    connection.execute(statement, parameters)
    connection.commit()
    connection.close()
