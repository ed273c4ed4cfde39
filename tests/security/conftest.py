"""Fixtures for tests of security: settings and tokens."""

import pytest

from flask_things.db.session import db
from flask_things.security import tokens
from tests.support.tokens import bearer


@pytest.fixture
def more():
    """Return additional settings."""
    return {}


@pytest.fixture
def environ(environ, more):
    """Return all settings."""
    return environ | more


@pytest.fixture
def mode():
    """Return the value of THINGS_AUTH."""
    return "all"


@pytest.fixture
def make(app):
    """Return a function that creates a token."""

    def make(name="writer", **how):
        with app.app_context():
            return bearer(tokens.create_token(db.session, name, **how))

    return make


@pytest.fixture
def rate():
    """Return the value of THINGS_RATE_LIMIT."""
    return "3/hour"


@pytest.fixture
def auth():
    """Return the value of THINGS_AUTH."""
    return "off"
