"""Fixtures for tests of several commands."""

import pytest

from tests.support.files import fill


@pytest.fixture
def filled(app, file):
    """Return the path of a database of 20 MB."""
    fill(app)
    return file
