"""flask-things: a small REST service for things."""

import gc

# What is imported stays. To look through it for garbage, again and again and at the end, would take
# a quarter of the time of each command.
gc.disable()
try:
    from flask_things.app import create_app
    from flask_things.config import VERSION
finally:
    gc.freeze()
    gc.enable()

__all__ = ["__version__", "create_app"]
__version__ = VERSION
