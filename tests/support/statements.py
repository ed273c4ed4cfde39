"""The SQL statements of an application."""

from contextlib import contextmanager
from unittest.mock import patch

from sqlalchemy import event

from flask_things.db.prepared import Prepared
from flask_things.db.session import db


@contextmanager
def statements(app):
    """Yield a list of the statements that are executed in the block."""
    seen, prepare = [], Prepared._compile

    def note_prepared(*arguments):
        compiled = prepare(*arguments)
        seen.append(compiled.sql)
        return compiled

    def note(_connection, _cursor, statement, *_others):
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    with patch.object(Prepared, "_compile", note_prepared):
        yield seen
    event.remove(engine, "before_cursor_execute", note)
