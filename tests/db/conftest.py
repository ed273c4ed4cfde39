"""Fixtures for database tests."""

import pytest


@pytest.fixture
def empty(postgres):
    """Return the URL of a database without tables."""
    postgres.execute("CREATE DATABASE empty")
    yield postgres.url("empty")
    postgres.execute("DROP DATABASE empty WITH (FORCE)")
