"""gunicorn reads this file by itself; the settings are in the package, so that a wheel has them."""

from flask_things.server.config import *  # noqa: F403
