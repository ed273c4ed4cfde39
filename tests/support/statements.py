"""The statements that an application executes."""

from contextlib import contextmanager

from sqlalchemy import event

from flask_things.db.session import db


@contextmanager
def statements(app):
    """Yield a list of the statements that the application executes in the block."""
    seen = []

    def note(_connection, _cursor, statement, *_others):
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
