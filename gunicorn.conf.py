"""gunicorn loads this file by default. The settings are in the package, for wheels."""

from flask_things.server.config import *  # noqa: F403
