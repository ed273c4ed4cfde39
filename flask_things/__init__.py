"""flask-things: a small REST service for things."""

from importlib.metadata import version

from flask_things.app import create_app

__all__ = ["__version__", "create_app"]
__version__ = version("flask-things")
