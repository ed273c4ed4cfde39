"""The statements that an application executes."""

from contextlib import contextmanager
from unittest.mock import patch

from sqlalchemy import event

from flask_things.db.prepared import Prepared
from flask_things.db.session import db


@contextmanager
def statements(app):
    """Yield a list of the statements that the application executes in the block.

    SQLAlchemy tells of those that it executes; the others are prepared.
    """
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
