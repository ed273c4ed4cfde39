"""flask-things: a small REST service for things."""

import gc

# Imported modules stay in memory. Garbage collection over them would take a quarter of the time of
# every command.
gc.disable()
try:
    from flask_things.app import create_app
    from flask_things.config import VERSION
finally:
    gc.freeze()
    gc.enable()

__all__ = ["__version__", "create_app"]
__version__ = VERSION
