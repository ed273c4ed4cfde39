"""`python -m flask_things`: serve with gunicorn, from a checkout, a container or a wheel.

Options are gunicorn's. It is `gunicorn wsgi:app` but for one thing: the settings are checked first,
as gunicorn reads WEB_CONCURRENCY while it is imported and answers a bad one with a traceback.
"""

import os
import runpy
import sys

from flask_things.config import settings

settings(os.environ)
sys.argv[1:1] = ["--config", "python:flask_things.server_config"]
runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)
