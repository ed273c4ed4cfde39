"""flask-things: a small REST service for things."""

from flask_things.app import create_app
from flask_things.config import VERSION

__all__ = ["__version__", "create_app"]
__version__ = VERSION
