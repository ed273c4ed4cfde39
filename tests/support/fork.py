"""An application with all test resources, as a fork serves it."""

from flask_things import create_app
from flask_things.app import RESOURCES
from flask_things.db.session import db
from flask_things.migrations import prepare
from tests.support.resources import served
from tests.support.samples import create_table


def add_tables(app, resources):
    """Create the tables, including those that no migration creates."""
    prepare(app)
    with app.app_context():
        for resource in (one for one in resources if one not in RESOURCES):
            create_table(db.engine, resource)
        db.engine.dispose()


def app():
    """Return the application with a prepared database."""
    resources = served()
    application = create_app(resources=resources)
    add_tables(application, resources)
    return application
