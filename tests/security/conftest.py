"""What tests of security may ask for: settings besides the usual ones, and tokens."""

import pytest

from flask_things.db.session import db
from flask_things.security import tokens
from tests.support.tokens import bearer


@pytest.fixture
def more():
    """Return settings besides the usual ones."""
    return {}


@pytest.fixture
def environ(environ, more):
    """Return all settings."""
    return environ | more


@pytest.fixture
def mode():
    """Return what THINGS_AUTH is."""
    return "all"


@pytest.fixture
def make(app):
    """Return a function that makes a token and returns what a client sends."""

    def make(name="writer", **how):
        with app.app_context():
            return bearer(tokens.create_token(db.session, name, **how))

    return make


@pytest.fixture
def rate():
    """Return what THINGS_RATE_LIMIT is."""
    return "3/hour"


@pytest.fixture
def auth():
    """Return what THINGS_AUTH is."""
    return "off"
